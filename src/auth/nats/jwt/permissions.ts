import type { Permissions, SubjectRules } from '#core'
import { toByteString } from '#kit'
import type { PermissionClaims, SubjectClaims } from './claims.ts'

/** One answer within two minutes, unless the JWT says otherwise. (`spec/nats.md` §2.7) */
const DEFAULT_RESPONSES = 1
const DEFAULT_RESPONSE_TTL_MS = 120_000

const NS_PER_MS = 1_000_000

/** What a JWT permits; `undefined` when it says nothing about it. */
export function permissionsOf({ publish, subscribe, responses }: PermissionClaims): Permissions | undefined {
  const publishing = rulesOf(publish)
  const subscribing = rulesOf(subscribe)
  if (publishing === undefined && subscribing === undefined && responses === undefined) return undefined
  if (responses === undefined) return { publish: publishing, subscribe: subscribing }
  return {
    // Who may answer may publish nothing else unless the JWT says so.
    publish: { ...publishing, allow: publishing?.allow ?? [] },
    subscribe: subscribing,
    responses: {
      maxMessages: responses.maxMessages || DEFAULT_RESPONSES,
      ttlMs: responses.ttlNs === 0 ? DEFAULT_RESPONSE_TTL_MS : Math.ceil(responses.ttlNs / NS_PER_MS) || -1,
    },
  }
}

/** The same, with `subject` forbidden to publish to. */
export function withoutPublishing(permissions: Permissions | undefined, subject: string): Permissions {
  const publish = permissions?.publish
  return { ...permissions, publish: { ...publish, deny: [...(publish?.deny ?? []), subject] } }
}

function rulesOf({ allow, deny }: SubjectClaims): SubjectRules | undefined {
  if (allow.length === 0 && deny.length === 0) return undefined
  return {
    ...(allow.length > 0 && { allow: allow.map(toByteString) }),
    ...(deny.length > 0 && { deny: deny.map(toByteString) }),
  }
}
