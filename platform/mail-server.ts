/** How mail goes out: the server it is handed to, and who sends it. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise the connection is upgraded before anything is said. */
  readonly secure: boolean;
  /** On this machine, where a connection without TLS leaks nothing. */
  readonly isHere: boolean;
  readonly login?: { readonly user: string; readonly pass: string };
  readonly from: string;
}

const PORTS = { 'smtp:': 587, 'smtps:': 465 } as const;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
/** What RFC 5321 calls an address, without quotes and brackets, so that no header and no command can hide in one. */
const ADDRESS = new RegExp(`^(?![.])(?!.*[.][.@])[A-Za-z0-9.!#$%&'*+/=?^_\`{|}~-]{1,64}@${LABEL}(?:[.]${LABEL})*$`);

/** Whether a text is one e-mail address and nothing else. */
export function isMailAddress(text: string): boolean {
  return text.length <= 254 && ADDRESS.test(text);
}

/** The mail server that `GATEHOUSE_SMTP_URL` and `GATEHOUSE_MAIL_FROM` name; what is wrong with them joins `problems`, without a password. */
export function mailServerOf(url: string | undefined, from: string | undefined, problems: string[]): MailServer | undefined {
  const before = problems.length;
  if (!url) problems.push('GATEHOUSE_SMTP_URL: is not set; it names the mail server, as smtps://user:password@host:465');
  if (!from) problems.push('GATEHOUSE_MAIL_FROM: is not set; it is the address that mail comes from');
  else if (!isMailAddress(from)) problems.push('GATEHOUSE_MAIL_FROM: is not one e-mail address, such as gatehouse@example.org');
  const parsed = url ? partsOf(url) : undefined;
  if (url && !parsed)
    problems.push('GATEHOUSE_SMTP_URL: is not smtp://[user:password@]host[:port] or smtps://…, with nothing behind it');
  return parsed && from && problems.length === before ? { ...parsed, from } : undefined;
}

function partsOf(url: string): Omit<MailServer, 'from'> | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(url);
  if (protocol !== 'smtp:' && protocol !== 'smtps:') return undefined;
  const [user, pass] = [decoded(username), decoded(password)];
  if (hostname === '' || (pathname !== '' && pathname !== '/') || search || hash) return undefined;
  if (user === undefined || pass === undefined || (user === '') !== (pass === '')) return undefined;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: Number(port) || PORTS[protocol],
    secure: protocol === 'smtps:',
    isHere: /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host),
    ...(user !== '' && { login: { user, pass } }),
  };
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
