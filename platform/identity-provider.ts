type Env = Readonly<Record<string, string | undefined>>;

/** The identity provider whose logins sign acts, as the environment names it. */
export interface IdentityProviderConfig {
  /** Exactly as the provider names itself in its tokens. */
  readonly issuer: string;
  readonly clientId: string;
  /** The claim of an ID token that holds its person's groups. */
  readonly groupsClaim: string;
}

const ISSUER = 'GATEHOUSE_OIDC_ISSUER';
const CLIENT_ID = 'GATEHOUSE_OIDC_CLIENT_ID';
const GROUPS_CLAIM = 'GATEHOUSE_OIDC_GROUPS_CLAIM';
const USUAL_CLAIM = 'groups';

/** The identity provider, or undefined where none is named; what is wrong is added to `problems`. */
export function identityProviderOf(env: Env, problems: string[]): IdentityProviderConfig | undefined {
  const issuer = env[ISSUER];
  const clientId = env[CLIENT_ID];
  const groupsClaim = env[GROUPS_CLAIM] || USUAL_CLAIM;
  if (!issuer) {
    const named = [CLIENT_ID, GROUPS_CLAIM].filter((name) => env[name]);
    if (named.length > 0) problems.push(`${ISSUER}: is not set, though ${named.join(' and ')} is`);
    return undefined;
  }
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (!url || url.username || url.search || url.hash || !(isEncrypted(url) || isLoopback(url)))
    problems.push(`${ISSUER}: is not the https address of an identity provider, such as https://id.example.com/realms/main`);
  if (!clientId) problems.push(`${CLIENT_ID}: is not set; it names this installation to the provider of ${ISSUER}`);
  else if (!/^[\x21-\x7e]{1,255}$/.test(clientId)) problems.push(`${CLIENT_ID}: is no client id: 1–255 printable characters`);
  if (!/^[\x21-\x7e]{1,100}$/.test(groupsClaim)) problems.push(`${GROUPS_CLAIM}: is no claim's name: 1–100 printable characters`);
  return { issuer, clientId: clientId ?? '', groupsClaim };
}

/** Whether what is read there comes from whom it says. */
export function isEncrypted({ protocol }: URL): boolean {
  return protocol === 'https:';
}

/** Whether an address is this machine's own, where a provider for trying out may speak unencrypted. */
export function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(hostname);
}

/** Where a provider describes itself (OpenID Connect Discovery §4). */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}
