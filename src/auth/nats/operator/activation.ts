import { SubjectTree } from '#core'
import {
  type AccountClaims,
  type ActivationClaims,
  checkImport,
  decodedActivation,
  type ExportClaim,
  type ImportClaim,
  isRevoked,
  obstacleAmong,
  Problems,
  problemsOf,
} from '../jwt/index.ts'
import { signerOf, type Trust } from './trust.ts'

/** The claims of the activation token of an import; `undefined` when there is none that is signed. */
export function activationOf(claim: ImportClaim): ActivationClaims | undefined {
  const decoded = decodedActivation(claim)
  return decoded?.ok ? decoded.claims : undefined
}

/** Whether `importer` shows a token for the import that its exporter gave it, that is of today and not revoked. */
export function isActivated(
  claim: ImportClaim,
  importer: string,
  exporter: AccountClaims,
  trust: Trust,
  nowMs: number,
): boolean {
  const activation = activationOf(claim)
  if (activation === undefined) return false
  const problems = new Problems()
  checkImport(claim, importer, problems)
  if (obstacleAmong(problems.list, true) !== undefined) return false
  if (!isIssuerTrusted(activation, exporter, trust)) return false
  if (obstacleAmong(problemsOf(activation, nowMs), true) !== undefined) return false
  if (activation.expiresAt > 0 && activation.expiresAt * 1000 <= nowMs) return false
  const exported = exportFor(claim, exporter)
  return exported === undefined || !isRevoked(exported.revocations, activation.subject, activation.issuedAt)
}

function isIssuerTrusted(activation: ActivationClaims, exporter: AccountClaims, trust: Trust): boolean {
  const { issuer, issuerAccount } = activation
  if (issuerAccount === '') return issuer === exporter.subject
  return issuerAccount === exporter.subject && signerOf(exporter, issuer, trust) !== undefined
}

/** The export that the import is of: that of the very subject, or one that contains it. */
function exportFor({ kind, subject, to }: ImportClaim, exporter: AccountClaims): ExportClaim | undefined {
  const exported = kind === 'service' && to !== '' ? to : subject
  const candidates = exportsOf(exporter)
    .containing(exported)
    .filter((candidate) => candidate.kind === kind)
  return candidates.find((candidate) => candidate.subject === exported) ?? candidates[0]
}

const EXPORTS = new WeakMap<AccountClaims, SubjectTree<ExportClaim>>()

/** There may be thousands, and as many who import of them. */
function exportsOf(exporter: AccountClaims): SubjectTree<ExportClaim> {
  let tree = EXPORTS.get(exporter)
  if (tree === undefined) {
    tree = new SubjectTree()
    for (const claim of exporter.exports) if (claim !== undefined) tree.add(claim.subject, claim)
    EXPORTS.set(exporter, tree)
  }
  return tree
}
