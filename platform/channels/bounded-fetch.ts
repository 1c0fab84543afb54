/** Nothing that a channel's peer answers is longer than this, in bytes. */
const MOST_BYTES = 256 * 1024;

/** `fetch` that follows no redirect and reads no more of an answer than a channel needs; rejects where it is longer. */
export async function boundedFetch(url: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(url, { ...init, redirect: 'manual' });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).byteLength;
    // To leave the loop is to cancel the rest of the body.
    if (bytes > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} bytes`);
  }
  const { status, statusText, headers } = answer;
  const hasBody = status !== 204 && status !== 205 && status !== 304;
  return new Response(hasBody ? Buffer.concat(chunks) : null, { status, statusText, headers });
}

/** What a `Retry-After` header asks for (RFC 9110 §10.2.3: seconds or a date), in milliseconds from now; undefined where it says nothing. */
export function retryAfterMs(headers: Headers): number | undefined {
  const said = headers.get('retry-after') ?? '';
  if (/^\d{1,9}$/.test(said)) return Number(said) * 1_000;
  const at = Date.parse(said);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
