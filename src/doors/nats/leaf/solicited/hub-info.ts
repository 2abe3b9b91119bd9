import { isValidSubject, type Permissions, type SubjectRules } from '#core'
import { toByteString } from '#kit'

/** What the server that we connected to says of itself, as far as it matters to us. (spec: nats §5.2) */
export interface HubInfo {
  readonly serverName: string
  readonly cluster: string
  readonly nonce: string
  readonly takesHeaders: boolean
  readonly tlsRequired: boolean
  /** Bytes; 0: it does not say. */
  readonly maxPayloadBytes: number
  /** What speaks against it being a port for leaf nodes; `undefined`: nothing does. */
  readonly wrongPort: string | undefined
  /** Whether it answers CONNECT with another INFO, which is one with `isAnswer`. */
  readonly answers: boolean
  readonly isAnswer: boolean
  /** Name of the account there; empty: it does not say. */
  readonly account: string
  /** Where it and the servers of its cluster are to be had, as `host:port`; `undefined`: it does not say. */
  readonly urls: readonly string[] | undefined
  readonly webSocketUrls: readonly string[] | undefined
  /** As seen from us: what we may send and want; `undefined`: it does not say. */
  readonly permissions: Permissions | undefined
}

/** `undefined` when it is no JSON object. A field of the wrong type is as good as none. */
export function readHubInfo(json: string): HubInfo | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    return undefined
  }
  if (!isObject(parsed)) return undefined
  const fields = parsed
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '')
  const number = (name: string) => (typeof fields[name] === 'number' ? fields[name] : 0)
  const exported = rulesIn(fields.export)
  const imported = rulesIn(fields.import)
  return {
    serverName: text('server_name') || text('server_id'),
    cluster: text('cluster'),
    nonce: text('nonce'),
    takesHeaders: fields.headers === true,
    tlsRequired: fields.tls_required === true,
    maxPayloadBytes: number('max_payload'),
    wrongPort: wrongPort(fields),
    answers: fields.info_on_connect === true,
    isAnswer: fields.connect_info === true,
    account: text('remote_account'),
    urls: textsIn(fields.leafnode_urls),
    webSocketUrls: textsIn(fields.ws_connect_urls),
    permissions: exported || imported ? { publish: exported, subscribe: imported } : undefined,
  }
}

/** Ports for clients, routes and gateways say INFO as well. */
function wrongPort(fields: Record<string, unknown>): string | undefined {
  if (fields.client_id && Array.isArray(fields.leafnode_urls)) return undefined
  if (fields.gateway !== undefined) return 'that is the port for gateways'
  return fields.client_id ? 'that is the port for clients' : 'that is the port for routes'
}

/** What is no subject is left out: nothing can be named so. */
function rulesIn(value: unknown): SubjectRules | undefined {
  if (!isObject(value)) return undefined
  const subjects = (list: unknown) =>
    textsIn(list)
      ?.map(toByteString)
      .filter((subject) => isValidSubject(subject))
  return { allow: subjects(value.allow), deny: subjects(value.deny) }
}

function textsIn(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
