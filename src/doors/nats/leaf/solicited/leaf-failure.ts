import { ProtocolError } from '#kit'
import { DialError, TlsHandshakeError } from '#net'

/** Why there is no link, as far as it matters for when it is tried again. */
export type LeafFailureCode =
  /** There was one, and it ended. */
  | 'LOST'
  /** Nobody answers there. */
  | 'UNREACHABLE'
  | 'TLS'
  | 'WEBSOCKET'
  /** Somebody answers who does not speak this protocol, or not as it has to be. */
  | 'PROTOCOL'
  | 'WRONG_PORT'
  /** The other server is too slow. */
  | 'SILENT'
  /** Our credentials could not be read. */
  | 'CREDENTIALS'
  /** There is no such account here. */
  | 'ACCOUNT'
  /** The other server does not let us in. */
  | 'LOGIN'
  /** There is no room for the link, here or there. */
  | 'FULL'
  | 'DUPLICATE'
  | 'LOOP'
  | 'SAME_CLUSTER'
  | 'PERMISSIONS'
  | 'MIN_VERSION'

/** Why there is no link: nats-server's words where it has some, what to do about it in `hint`. Without secrets. */
export class LeafFailure extends ProtocolError<LeafFailureCode> {
  override name = 'LeafFailure'
  readonly hint: string | undefined

  constructor(
    code: LeafFailureCode,
    message: string,
    options: ErrorOptions & { readonly hint?: string | undefined } = {},
  ) {
    super(code, message, options)
    this.hint = options.hint
  }
}

/** Of whatever an attempt ended with. */
export function leafFailure(error: unknown): LeafFailure {
  if (error instanceof LeafFailure) return error
  if (error instanceof TlsHandshakeError) {
    return new LeafFailure('TLS', `TLS leafnode handshake error: ${error.message}`, {
      cause: error,
      hint: tlsHint(error),
    })
  }
  if (error instanceof DialError) {
    if (error.code !== 'WEBSOCKET') return new LeafFailure('UNREACHABLE', error.message, { cause: error })
    const message = `Error soliciting websocket connection: ${error.message}`
    const hint =
      'the URL has to lead to a websocket port whose server also has a leafnodes port, or to a proxy in front of one'
    return new LeafFailure('WEBSOCKET', message, { cause: error, hint })
  }
  return new LeafFailure('PROTOCOL', error instanceof Error ? error.message : String(error), { cause: error })
}

function tlsHint({ message, isWrongName }: TlsHandshakeError): string | undefined {
  if (isWrongName) return 'the host in the URL has to be a name that the certificate there is for'
  if (message.includes('unknown authority')) {
    return "name its authority with ca_file in the tls block of the remote, or with cluster_authorities for the vault's cluster"
  }
  if (message.includes('expired')) return 'look at the certificate there, and at the clocks'
  if (message.includes('does not look like a TLS')) return 'the other side does not speak TLS there: is the port right?'
  if (message.includes('certificate required') || message.includes('bad certificate')) {
    return 'the other side wants a certificate: cert_file and key_file in the tls block of the remote'
  }
  return undefined
}

const LOGIN_HINT = 'check the credentials of the remote (or in cluster_url), and who may come in there'

/**
 * What the other server's `-ERR` means. Its texts are those of nats-server; what is none of them ends no link by itself.
 * (nats-server: `leafProcessErr`)
 */
const COMPLAINTS: readonly { readonly text: string; readonly code: LeafFailureCode; readonly hint: string }[] = [
  {
    text: 'remote leafnode has same cluster name',
    code: 'SAME_CLUSTER',
    hint: 'a cluster cannot be its own leaf node: give one of the two another name',
  },
  {
    text: 'connection rejected since minimum version required is',
    code: 'MIN_VERSION',
    hint: 'lower min_version in the leafnodes block there',
  },
  {
    text: 'Loop detected',
    code: 'LOOP',
    hint: 'the two servers are linked in this account in another way too: take one of the remotes away',
  },
  { text: 'Permissions Violation', code: 'PERMISSIONS', hint: 'check the permissions of this user there' },
  {
    text: 'Duplicate Remote LeafNode Connection',
    code: 'DUPLICATE',
    hint: 'another server of the same server_name, or another remote of this one, is linked to the same account',
  },
  {
    text: 'maximum account active connections exceeded',
    code: 'FULL',
    hint: 'its account has as many leaf nodes or connections as it may have: max_leafnodes and max_connections there',
  },
  { text: 'maximum connections exceeded', code: 'FULL', hint: 'there are as many connections there as may be' },
  { text: 'maximum subscriptions exceeded', code: 'FULL', hint: 'raise max_subscriptions there' },
  { text: 'Authorization Violation', code: 'LOGIN', hint: LOGIN_HINT },
  { text: 'Authentication Timeout', code: 'LOGIN', hint: 'whoever checks logins there does not answer in time' },
  { text: 'Authentication Expired', code: 'LOGIN', hint: 'the credentials have expired: exchange them' },
  { text: 'Authentication Revoked', code: 'LOGIN', hint: 'the credentials were revoked: exchange them' },
  { text: 'Secure Connection - TLS Required', code: 'TLS', hint: 'write tls:// in the URL' },
  { text: 'attempted to connect to leaf node port', code: 'PROTOCOL', hint: 'that is how it speaks to clients' },
  { text: 'cluster name cannot contain spaces', code: 'PROTOCOL', hint: 'rename the cluster' },
]

/** `undefined` for a complaint after which the connection goes on. */
export function failureOfComplaint(text: string): LeafFailure | undefined {
  const known = COMPLAINTS.find((complaint) => text.toLowerCase().includes(complaint.text.toLowerCase()))
  return known && new LeafFailure(known.code, `Leafnode Error '${text}'`, { hint: known.hint })
}
