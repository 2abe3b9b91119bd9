import { Message } from './message.ts'
import type { Requestor } from './peer.ts'

/** nats-server's header: who asks a service of another account, as JSON. */
const HEADER = 'Nats-Request-Info'

/** What the header says, in the order in which nats-server says it. */
export interface RequestInfo {
  readonly start?: string | undefined
  readonly host?: string | undefined
  readonly id?: number | undefined
  readonly acc: string
  /** The account through which the request came on, when that is not the requestor's own. */
  readonly svc?: string | undefined
  readonly user?: string | undefined
  readonly name?: string | undefined
  readonly lang?: string | undefined
  readonly ver?: string | undefined
  /** Nanoseconds. */
  readonly rtt?: number | undefined
  readonly server?: string | undefined
  readonly jwt?: string | undefined
  readonly issuer_key?: string | undefined
  readonly name_tag?: string | undefined
  readonly tags?: readonly string[] | undefined
  readonly kind?: string | undefined
  readonly client_type?: string | undefined
}

/** What a service may know of who asks: all there is to say, or, unless the import shares it, next to nothing. */
export function requestInfo(account: string, requestor: Requestor | undefined, shares: boolean): RequestInfo {
  const rtt = Math.round((requestor?.rttMs ?? 0) * 1e6)
  const shared = shares ? requestor : undefined
  return {
    start: shared?.startMs === undefined ? undefined : new Date(shared.startMs).toISOString(),
    host: shared?.host,
    id: shared?.id,
    acc: account,
    svc: undefined,
    user: shared?.user,
    name: shared?.name,
    lang: shared?.lang,
    ver: shared?.version,
    rtt,
    server: shared?.server,
    jwt: shared?.jwt,
    issuer_key: shared?.issuerKey,
    name_tag: shared?.nameTag,
    tags: shared?.tags,
    kind: shared?.kind,
    client_type: shared?.clientType,
  }
}

/** As JSON of Go has it: what is empty is left out. */
export function withoutEmpty(info: RequestInfo): object {
  return Object.fromEntries(
    Object.entries(info).filter(([, value]) => Boolean(value) && !(Array.isArray(value) && value.length === 0)),
  )
}

/**
 * `message` as `subject` with `reply`, and with the header, which takes the place of one that the requestor sent: who
 * answers may believe it.
 */
export function withRequestInfo(
  message: Message,
  { subject, reply, info }: { readonly subject: string; readonly reply: string; readonly info: RequestInfo },
): Message {
  const { body, headerBytes } = message
  const block = headerBytes === 0 ? 'NATS/1.0\r\n\r\n' : body.toString('latin1', 0, headerBytes)
  // Go reads a line where a bare LF ends it, too.
  const lines = block.split(/\r?\n/).filter((line) => line !== '' && !isOurs(line))
  const head = Buffer.concat([
    Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1'),
    Buffer.from(`${HEADER}: ${JSON.stringify(withoutEmpty(info))}\r\n\r\n`),
  ])
  return new Message(subject, Buffer.concat([head, message.payload]), reply, head.length)
}

/** In any spelling: clients compare header names without regard to case, and some drop blanks behind them. */
function isOurs(line: string): boolean {
  return line.split(':', 1)[0]!.trimEnd().toLowerCase() === HEADER.toLowerCase()
}
