import type {
  AccountClaims,
  AccountLimitClaims,
  ExportClaim,
  ImportClaim,
  MappingClaim,
  Revocations,
  ScopeClaim,
  StandardClaims,
} from './claims.ts'
import { Fields, JwtError } from './fields.ts'
import { readPermissions, readRights, transferKind } from './read-rights.ts'

/** The part `nats` of an account JWT of either form: of the first only that which it had. */
export function readAccount(nats: Fields, standard: StandardClaims): AccountClaims {
  const authorization = nats.object('authorization')
  return {
    ...standard,
    type: 'account',
    exports: nats.objects('exports', readExport),
    imports: nats.objects('imports', readImport),
    limits: readLimits(nats.object('limits')),
    signingKeys: readSigningKeys(nats),
    revocations: readRevocations(nats),
    defaultPermissions: readPermissions(nats.object('default_permissions')),
    mappings: readMappings(nats.object('mappings')),
    authorization: {
      authUsers: authorization.texts('auth_users'),
      allowedAccounts: authorization.texts('allowed_accounts'),
      xkey: authorization.text('xkey'),
    },
    description: nats.text('description'),
    infoUrl: nats.text('info_url'),
  }
}

function readLimits(fields: Fields): AccountLimitClaims {
  return {
    subscriptions: fields.integer('subs'),
    data: fields.integer('data'),
    payload: fields.integer('payload'),
    imports: fields.integer('imports'),
    exports: fields.integer('exports'),
    allowsWildcardExports: fields.flag('wildcards'),
    disallowsBearer: fields.flag('disallow_bearer'),
    connections: fields.integer('conn'),
    leafNodes: fields.integer('leaf'),
  }
}

function readExport(fields: Fields): ExportClaim {
  const latency = fields.optional('service_latency')
  return {
    kind: transferKind(fields, 'type'),
    subject: fields.text('subject'),
    requiresToken: fields.flag('token_req'),
    revocations: readRevocations(fields),
    responseType: fields.text('response_type'),
    responseThresholdNs: fields.integer('response_threshold'),
    latency: latency && { sampling: readSampling(latency), results: latency.text('results') },
    accountTokenPosition: fields.integer('account_token_position'),
    allowsTrace: fields.flag('allow_trace'),
    description: fields.text('description'),
    infoUrl: fields.text('info_url'),
  }
}

/** Percent, or 0 for `headers`. */
function readSampling(fields: Fields): number {
  const sampling = fields.raw('sampling')
  return typeof sampling === 'string' && sampling.toLowerCase() === 'headers' ? 0 : fields.integer('sampling')
}

function readImport(fields: Fields): ImportClaim {
  return {
    kind: transferKind(fields, 'type'),
    subject: fields.text('subject'),
    account: fields.text('account'),
    token: fields.text('token'),
    to: fields.text('to'),
    localSubject: fields.text('local_subject'),
    shares: fields.flag('share'),
    allowsTrace: fields.flag('allow_trace'),
  }
}

function readSigningKeys(nats: Fields): ReadonlyMap<string, ScopeClaim | undefined> {
  const keys = new Map<string, ScopeClaim | undefined>()
  nats.list('signing_keys').forEach((entry, index) => {
    if (typeof entry === 'string') {
      keys.set(entry, undefined)
    } else if (typeof entry === 'object' && entry !== null && !Array.isArray(entry)) {
      const scope = new Fields(entry, `nats.signing_keys[${index}]`)
      if (scope.text('kind') !== 'user_scope') throw new JwtError('unknown signing key scope')
      const key = scope.text('key')
      keys.set(key, { key, role: scope.text('role'), template: readRights(scope.object('template'), -1) })
    }
  })
  return keys
}

function readRevocations(fields: Fields): Revocations {
  const revocations = fields.object('revocations')
  return new Map(revocations.names().map((key) => [key, revocations.integer(key)]))
}

function readMappings(fields: Fields): ReadonlyMap<string, readonly MappingClaim[]> {
  const readDestination = (destination: Fields): MappingClaim => {
    const weight = destination.integer('weight')
    return { subject: destination.text('subject'), weight, cluster: destination.text('cluster') }
  }
  return new Map(
    fields.names().map((source) => {
      const destinations = fields.objects(source, readDestination)
      return [source, destinations.map((destination) => destination ?? { subject: '', weight: 0, cluster: '' })]
    }),
  )
}
