import type { Message } from './message.ts'

/** Headers that tell of a traced request, by their names as Go spells them. */
export type TraceHeaders = Readonly<Record<string, readonly string[]>>

/**
 * The headers by which `message` asks to be traced; `undefined`: it does not. Understood are those of nats-server: Jaeger
 * (`Uber-Trace-Id`), Zipkin (`X-B3-…`, `B3`) and W3C Trace Context (`Traceparent`), the first of which decides.
 */
export function traceHeaders(message: Message): TraceHeaders | undefined {
  if (message.headerBytes === 0) return undefined
  const headers = parse(message)
  const first = (name: string) => headers[name]?.[0]
  const those = (isWanted: (name: string) => boolean): TraceHeaders =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => isWanted(name)))

  const jaeger = first('Uber-Trace-Id')
  if (jaeger !== undefined) {
    const [, flags = '0'] = /^[^:]*:[^:]*:[^:]*:([0-9a-f]{1,2})$/i.exec(jaeger) ?? []
    return isOdd(flags) ? those((name) => name === 'Uber-Trace-Id' || name.startsWith('Uberctx-')) : undefined
  }
  const sampled = first('X-B3-Sampled')
  if (sampled === '0') return undefined
  if (sampled === '1' || headers['X-B3-Traceid'] !== undefined) return those((name) => ZIPKIN.has(name))
  const b3 = first('B3')
  if (b3 !== undefined) {
    const parts = b3.split('-')
    const decision = parts.length === 1 ? parts[0] : parts[2]
    return decision === '0' ? undefined : those((name) => name === 'B3')
  }
  const [, flags = '0'] = /^[^-]*-[^-]*-[^-]*-([0-7][0-9a-f])$/i.exec(first('Traceparent') ?? '') ?? []
  return isOdd(flags) ? those((name) => name === 'Traceparent' || name === 'Tracestate') : undefined
}

const ZIPKIN = new Set(['X-B3-Sampled', 'X-B3-Traceid', 'X-B3-Parentspanid', 'X-B3-Spanid'])

function isOdd(hex: string): boolean {
  return (Number.parseInt(hex, 16) & 1) === 1
}

/** What is no header is passed over. */
function parse({ body, headerBytes }: Message): Record<string, string[]> {
  const headers: Record<string, string[]> = Object.create(null)
  const [, ...lines] = body.toString('latin1', 0, headerBytes).split('\r\n')
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = canonical(line.slice(0, colon))
    headers[name] = [...(headers[name] ?? []), line.slice(colon + 1).trim()]
  }
  return headers
}

/** `traceparent` and `TRACEPARENT` are `Traceparent`. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}
