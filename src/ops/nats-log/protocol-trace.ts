import type { LogFields } from '#kit'
import { goQuote } from '#wire/nats'
import { redactText } from '../redact.ts'
import { clientPrefix, printable } from './event-text.ts'

/**
 * What a door tells of the operations that it reads and writes, while `isOn`. Asking that first keeps tracing free of
 * cost where it is off; it may change at any time, by a reload. `client` are the fields that the door also gives to its
 * log for this client; texts are the operation without its verb, as it stood on the wire.
 */
export interface ProtocolTrace {
  readonly isOn: boolean
  /** `<<- [SUB foo 1]` */
  received(client: LogFields, verb: string, text?: string | Uint8Array): void
  /** `->> [MSG foo 1 5]`. An error is `-ERR` with its text without quotes, `+OK` is `OK`. */
  sent(client: LogFields, verb: string, text?: string | Uint8Array): void
  /** `<-> [DELSUB 1]`: what the server did by itself. */
  did(client: LogFields, verb: string, text: string): void
  /** `<<- MSG_PAYLOAD: ["hello"]`. The payload begins with `headerBytes` of headers; an empty one says nothing. */
  receivedPayload(client: LogFields, payload: Uint8Array, headerBytes: number): void
  /** `->> MSG_PAYLOAD: ["hello"]` */
  sentPayload(client: LogFields, payload: Uint8Array, headerBytes: number): void
}

export interface TraceFormat {
  /** Of a payload, at most this much is shown. Bytes; 0 means as much as a line may have. */
  readonly maxPayloadBytes: number
  /** Show the headers of a message and nothing of its payload; messages without headers show nothing. */
  readonly headersOnly: boolean
}

/** Of one line: as long as what `redactText` leaves. */
const MAX_SHOWN_BYTES = 4096

/** Fields of CONNECT that nats-server hides and that are no secrets by `redact.ts`. */
const MORE_HIDDEN = /("(?:nkey|proxy_sig)"\s*:\s*)"(?:[^"\\]|\\.)*"?/gi

/** A secret of a CONNECT that is no JSON, or none that the protocol knows: nats-server hides it up to a comma or brace. */
const LOOSE_SECRET =
  /((?:pass|auth_token|jwt|sig)\w*["']?\s*[:=]\s*)(?!\s|"\[REDACTED\]")(?:'[^']*'|\[[^\]]*\]|[^,}]+)/gi

/** The text of a line for an operation: `<<- [PUB foo 5]`. Secrets, those of CONNECT above all, are `[REDACTED]`. */
function operationText(arrow: '<<-' | '->>' | '<->', verb: string, text?: string | Uint8Array): string {
  if (text === undefined || text.length === 0) return `${arrow} [${verb}]`
  const shown =
    typeof text === 'string'
      ? text
      : Buffer.from(text.buffer, text.byteOffset, Math.min(text.length, 2 * MAX_SHOWN_BYTES)).toString()
  if (verb !== 'CONNECT') return `${arrow} [${verb} ${hideSecrets(printable(shown))}]`
  const hidden = hideSecrets(printable(unescapedLetters(shown)))
  return `${arrow} [${verb} ${hidden.replace(LOOSE_SECRET, '$1"[REDACTED]"')}]`
}

/** A secret has its name in JSON even when that is written as `"p\u0061ss"`. */
function unescapedLetters(json: string): string {
  return json.replace(/\\u00([0-7][\da-f])/gi, (escaped, code: string) => {
    const letter = String.fromCharCode(Number.parseInt(code, 16))
    return /\w/.test(letter) ? letter : escaped
  })
}

/** The text of a line for a payload; `undefined` when there is nothing to show. */
function payloadText(
  arrow: '<<-' | '->>',
  payload: Uint8Array,
  headerBytes: number,
  { maxPayloadBytes, headersOnly }: TraceFormat,
): string | undefined {
  // The headers end with an empty line, which is not shown.
  const whole = headersOnly ? payload.subarray(0, Math.max(0, headerBytes - 4)) : payload
  if (whole.length === 0) return undefined
  const limit = Math.min(maxPayloadBytes || MAX_SHOWN_BYTES, MAX_SHOWN_BYTES)
  // Quoted first, so that what is hidden is searched in the text that is shown; the quotes are those of Go.
  const quoted = goQuote(whole.length > limit ? whole.subarray(0, limit) : whole)
  const shown = hideInQuoted(quoted.slice(1, -1))
  return `${arrow} MSG_PAYLOAD: ["${shown}${whole.length > limit ? '...' : ''}"]`
}

function hideSecrets(text: string): string {
  return redactText(text).replaceAll('[redacted]', '[REDACTED]').replace(MORE_HIDDEN, '$1"[REDACTED]"')
}

/** Quotes of a payload have a backslash now, which would keep them from being known as those of a field's name. */
function hideInQuoted(quoted: string): string {
  const plain = quoted.replaceAll('\\"', '"')
  const hidden = hideSecrets(plain)
  return hidden === plain ? quoted : hidden.replaceAll('"', '\\"')
}

/** A trace that writes each line with `write`, by the settings of the moment. */
export function createProtocolTrace(
  write: (text: string) => void,
  settings: { readonly isOn: boolean; readonly format: TraceFormat },
): ProtocolTrace {
  const say = (client: LogFields, text: string | undefined) => {
    if (settings.isOn && text !== undefined) write(clientPrefix(client).prefix + text)
  }
  return {
    get isOn() {
      return settings.isOn
    },
    received: (client, verb, text) => say(client, operationText('<<-', verb, text)),
    sent: (client, verb, text) => say(client, operationText('->>', verb, text)),
    did: (client, verb, text) => say(client, operationText('<->', verb, text)),
    receivedPayload: (client, payload, headerBytes) =>
      say(client, payloadText('<<-', payload, headerBytes, settings.format)),
    sentPayload: (client, payload, headerBytes) =>
      say(client, payloadText('->>', payload, headerBytes, settings.format)),
  }
}
