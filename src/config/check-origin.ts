import { ConfigError } from '#kit'
import { parseAllowedOrigin } from '#wire/websocket'

/** At the start, for an origin that nobody can have would otherwise be found by its victims. */
export function checkOrigin(origin: string, error: (line: string) => void): void {
  // What is left of a pattern when its wildcards stand for something must be an origin.
  const example = origin.replace(/^(https?:\/\/)\*\./i, '$1').replace(/^([^/]*\/\/[^/]*):\*(?=\/|$)/, '$1')
  const authority = /^[^/]*\/\/([^/?#]*)/.exec(example)?.[1] ?? ''
  if (authority.includes('*')) {
    error(
      `unable to parse allowed origin ${JSON.stringify(origin)}: "*" stands for the first names of a host, as in ` +
        '"https://*.example.com", or for the port, as in "https://example.com:*"',
    )
    return
  }
  try {
    parseAllowedOrigin(example)
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    error(cause.message.replaceAll(example, origin))
  }
}
