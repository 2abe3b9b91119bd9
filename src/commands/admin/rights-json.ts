import type { SubjectRules } from '#core'
import { fromByteString } from '#kit'
import type { Rights } from './rights.ts'

/** The rights for programs, by the names that the configuration has. What is left out is not restricted, or not there. */
export function rightsJson(rights: Rights): object {
  const { user, name, account, definition, connectionTypes, permissions, notes } = rights
  const { responses } = permissions ?? {}
  return {
    user,
    name,
    account,
    account_name: definition?.nameTag,
    allowed_connection_types: connectionTypes,
    permissions: permissions && {
      publish: rulesJson(permissions.publish),
      subscribe: rulesJson(permissions.subscribe),
      allow_responses: responses && { max: responses.maxMessages, expires_ms: responses.ttlMs },
    },
    limits: rights.limits && {
      max_subscriptions: rights.limits.maxSubscriptions,
      max_payload: rights.limits.maxPayloadBytes,
    },
    ...(definition !== undefined && accountJson(definition)),
    notes,
  }
}

function accountJson({ limits, imports, exports, mappings }: NonNullable<Rights['definition']>): object {
  return {
    account_limits: {
      max_connections: limits.maxConnections,
      max_leafnodes: limits.maxLeafNodes,
      max_subscriptions: limits.maxSubscriptions,
      max_payload: limits.maxPayloadBytes,
    },
    imports: imports.map(({ kind, account, subject, to }) => {
      return { [kind]: { account, subject: fromByteString(subject) }, to: fromByteString(to) }
    }),
    exports: exports.map(({ kind, subject, access }) => ({
      [kind]: fromByteString(subject),
      accounts: access.kind === 'accounts' ? access.accounts : undefined,
      token_req: access.kind === 'token' ? true : undefined,
    })),
    mappings: Object.fromEntries(
      mappings.map(({ source, destinations }) => [
        fromByteString(source),
        destinations.map(({ subject, weight, cluster }) => ({ destination: fromByteString(subject), weight, cluster })),
      ]),
    ),
  }
}

function rulesJson(rules: SubjectRules | undefined): SubjectRules | undefined {
  return rules && { allow: rules.allow?.map(fromByteString), deny: rules.deny?.map(fromByteString) }
}
