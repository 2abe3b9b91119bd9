import type { AccountDefinition, Export, ExportAccess, Import, SubjectMapping } from '#core'
import { isLiteralSubject } from '#core'
import { toByteString } from '#kit'
import type { AccountClaims, ExportClaim, ImportClaim } from './claims.ts'

const NS_PER_MS = 1_000_000

export interface DefinitionContext {
  /** Imports of which this is false are left out: their exporters cannot be found. */
  isKnown(account: string): boolean
  /** Whether the activation token of an import is good. */
  isActivated(claim: ImportClaim): boolean
}

/** The account that the claims describe, as the core knows accounts. */
export function definitionOf(claims: AccountClaims, { isKnown, isActivated }: DefinitionContext): AccountDefinition {
  const { limits } = claims
  return {
    name: claims.subject,
    nameTag: claims.name || undefined,
    exports: claims.exports.flatMap((claim) => (claim === undefined ? [] : exportOf(claim))),
    imports: claims.imports.flatMap((claim) => {
      return claim === undefined || !isKnown(claim.account) ? [] : importOf(claim, isActivated(claim))
    }),
    mappings: mappingsOf(claims),
    limits: {
      maxConnections: limit(limits.connections),
      maxSubscriptions: limit(limits.subscriptions),
      maxPayloadBytes: limit(limits.payload),
      maxLeafNodes: limit(limits.leafNodes),
    },
  }
}

/** `undefined` for none, which JWTs write as -1. */
export function limit(claimed: number): number | undefined {
  return claimed < 0 ? undefined : claimed
}

function exportOf(claim: ExportClaim): readonly Export[] {
  const access: ExportAccess = { kind: claim.requiresToken ? 'token' : 'public' }
  const common = {
    subject: toByteString(claim.subject),
    access,
    accountTokenPosition: claim.accountTokenPosition || undefined,
  }
  if (claim.kind === 'stream') return [{ ...common, kind: 'stream' }]
  if (claim.kind !== 'service') return []
  const { latency, responseThresholdNs } = claim
  return [
    {
      ...common,
      kind: 'service',
      responseType:
        claim.responseType === 'Stream' ? 'stream' : claim.responseType === 'Chunked' ? 'chunked' : 'single',
      responseThresholdMs: responseThresholdNs > 0 ? Math.ceil(responseThresholdNs / NS_PER_MS) : undefined,
      latency: latency && { subject: toByteString(latency.results), sampling: latency.sampling || 'headers' },
      allowsTrace: claim.allowsTrace,
    },
  ]
}

function importOf(claim: ImportClaim, isActivated: boolean): readonly Import[] {
  const subject = toByteString(claim.subject)
  const to = toByteString(claim.to)
  const local = toByteString(claim.localSubject)
  const common = { account: claim.account, isActivated }
  if (claim.kind === 'service') {
    const sharesRequestor = claim.shares
    // The outdated `to` is the exporter's subject, and `subject` is ours then.
    return local === ''
      ? [{ ...common, kind: 'service', subject: to || subject, to: subject, sharesRequestor }]
      : [{ ...common, kind: 'service', subject, to: local, sharesRequestor }]
  }
  // The outdated `to` of a stream is a prefix, which cannot have wildcards.
  if (claim.kind !== 'stream' || (local === '' && !isLiteralSubject(to))) return []
  const prefix = to === '' || to.endsWith('.') ? to : `${to}.`
  return [{ ...common, kind: 'stream', subject, to: local || prefix + subject, allowsTrace: claim.allowsTrace }]
}

function mappingsOf(claims: AccountClaims): readonly SubjectMapping[] {
  return [...claims.mappings].map(([source, destinations]) => ({
    source: toByteString(source),
    destinations: destinations.map(({ subject, weight, cluster }) => ({
      subject: toByteString(subject),
      weight: weight || 100,
      cluster: cluster || undefined,
    })),
  }))
}
