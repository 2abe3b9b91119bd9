/** As much of `fetch` as is needed, so that a test can do without a socket. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body: string; signal: AbortSignal },
) => Promise<{ readonly status: number; text(): Promise<string> }>

/** Bitwarden's number for programs made with its SDK: the nearest to what we are. */
export const DEVICE_TYPE_SDK = 21

const REQUEST_TIMEOUT_MS = 30_000

/** The server answered and said no. */
export class Refused extends Error {
  override name = 'Refused'
}

/**
 * Sends a request as a Bitwarden client does. Resolves with the answer's body, undefined when that is no JSON. Throws
 * `Refused` with the server's own words, another Error when it is in trouble, or what `fetch` throws when there is no
 * answer (`reasonOf`).
 */
export async function post(
  url: string,
  content: { readonly json: unknown } | { readonly form: Record<string, string> },
  fetch: Fetch = globalThis.fetch,
): Promise<unknown> {
  const [type, body] =
    'json' in content
      ? ['application/json; charset=utf-8', JSON.stringify(content.json)]
      : ['application/x-www-form-urlencoded; charset=utf-8', new URLSearchParams(content.form).toString()]
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': type, Accept: 'application/json', 'Device-Type': String(DEVICE_TYPE_SDK) },
    body,
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  })
  const answer = parse(await response.text())
  if (response.status >= 200 && response.status < 300) return answer
  const words = wordsOf(answer) ?? `${url} answered ${response.status}`
  // The trouble of a server, or of a proxy before it, may be gone with the next attempt.
  throw response.status >= 500 ? new Error(words) : new Refused(words)
}

/** Why a request failed, in words. `fetch` hides why there was no answer in the cause of its error. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `the server cannot be reached: ${cause.message || String(cause)}` : message
}

function wordsOf(answer: unknown): string | undefined {
  const { message, error_description } = (answer ?? {}) as Record<string, unknown>
  return [message, error_description].find((text): text is string => typeof text === 'string' && text !== '')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
