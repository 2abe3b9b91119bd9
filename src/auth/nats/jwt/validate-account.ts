import { SubjectTree } from '#core'
import { isPublicKey } from '../nkeys.ts'
import type { AccountClaims, ActivationClaims, ExportClaim, ImportClaim, MappingClaim } from './claims.ts'
import { type Decoded, decodeJwt } from './decode.ts'
import { MAX_PROBLEMS, type Problems } from './problems.ts'
import {
  checkLocalSubject,
  checkPermissions,
  checkSubject,
  hasWildcards,
  isContainedIn,
  withoutReferences,
} from './subjects.ts'

const ANY_ACCOUNT = '*'
const MAX_INFO_LENGTH = 8 * 1024

export function checkAccount(claims: AccountClaims, problems: Problems): void {
  checkImports(claims, problems)
  checkExports(claims.exports, problems)
  checkPermissions(claims.defaultPermissions, problems)
  for (const [source, destinations] of claims.mappings) checkMapping(source, destinations, problems)
  checkAuthorization(claims, problems)
  checkLimits(claims, problems)
  for (const [key, scope] of claims.signingKeys) {
    if (isPublicKey(key, 'account')) continue
    problems.error(
      scope ? `${key} is not an account public key` : `${JSON.stringify(key)} is not a valid account signing key`,
    )
  }
  checkInfo(claims, problems)
}

export function checkActivation(claims: ActivationClaims, problems: Problems): void {
  if (claims.importKind === 'unknown') problems.error('invalid import type: "unknown"')
  checkSubject(claims.importSubject, problems)
  if (claims.issuerAccount !== '' && !isPublicKey(claims.issuerAccount, 'account')) {
    problems.error('account_id is not an account public key')
  }
}

/** Verified once: the same claims are looked at whenever the exporter changes. */
const activations = new WeakMap<ImportClaim, Decoded<ActivationClaims>>()

/** What the token of an import says; `undefined` when it has none. */
export function decodedActivation(claim: ImportClaim): Decoded<ActivationClaims> | undefined {
  if (claim.token === '') return undefined
  const known = activations.get(claim)
  if (known !== undefined) return known
  const decoded = decodeJwt(claim.token, 'activation')
  activations.set(claim, decoded)
  return decoded
}

/** `importer` is the public key of the account that imports. */
export function checkImport(claim: ImportClaim, importer: string, problems: Problems): void {
  const subject = JSON.stringify(claim.subject)
  if (claim.kind === 'unknown') problems.error('invalid import type: "unknown"')
  if (claim.kind === 'service' && claim.allowsTrace) problems.error('AllowTrace only valid for stream import')
  if (claim.account === '') problems.error('account to import from is not specified')
  if (claim.to !== '') problems.warning('the field to has been deprecated (use LocalSubject instead)')
  checkSubject(claim.subject, problems)
  if (claim.localSubject !== '') {
    checkLocalSubject(claim.localSubject, claim.subject, problems)
    if (claim.to !== '') problems.error('Local Subject replaces To')
  }
  if (claim.shares && claim.kind !== 'service') {
    problems.error(`sharing information (for latency tracking) is only valid for services: ${subject}`)
  }
  if (claim.token === '') return
  const activation = decodedActivation(claim)
  if (!activation?.ok) {
    problems.error(`import ${subject} contains an invalid activation token`)
    return
  }
  const token = activation.claims
  if (token.issuer !== claim.account && token.issuerAccount !== claim.account) {
    problems.error(`activation token doesn't match account for import ${subject}`)
  }
  if (token.subject !== importer) {
    problems.error(`activation token doesn't match account it is being included in, ${subject}`)
  }
  if (token.importKind !== claim.kind) {
    problems.error(`mismatch between token import type ${token.importKind} and type of import ${claim.kind}`)
  }
  checkActivation(token, problems)
  const exported = claim.kind === 'service' && claim.to !== '' ? claim.to : claim.subject
  if (!isContainedIn(exported, token.importSubject)) {
    problems.error(
      `activation token import subject ${JSON.stringify(token.importSubject)} doesn't match import ${subject}`,
    )
  }
}

function checkImports(claims: AccountClaims, problems: Problems): void {
  const overlaps = overlapsOf(claims.imports)
  for (const [index, claim] of claims.imports.entries()) {
    if (claim === undefined) {
      problems.error('null import is not allowed')
      continue
    }
    for (const other of overlaps.get(index) ?? []) {
      problems.error(
        `overlapping subject namespace for ${JSON.stringify(localSubjectOf(claim))} and ${JSON.stringify(other)} ` +
          `in same account ${JSON.stringify(claim.account)}`,
      )
    }
    checkImport(claim, claims.subject, problems)
  }
}

/** The local subject of a service. */
function localSubjectOf({ to, localSubject, subject }: ImportClaim): string {
  return to || withoutReferences(localSubject) || subject
}

/** By the place of a service among the imports, the local subjects of those before it that contain its own or lie in it. */
function overlapsOf(imports: AccountClaims['imports']): ReadonlyMap<number, readonly string[]> {
  const services = imports.flatMap((claim, index) => {
    return claim?.kind === 'service' ? [{ index, account: claim.account, local: localSubjectOf(claim) }] : []
  })
  const trees = new Map<string, SubjectTree<(typeof services)[number]>>()
  for (const one of services) {
    const tree = trees.get(one.account) ?? new SubjectTree()
    trees.set(one.account, tree)
    tree.add(one.local, one)
  }
  const overlaps = new Map<number, string[]>()
  let count = 0
  for (const one of services) {
    for (const other of trees.get(one.account)!.containing(one.local)) {
      // Of two that are the same, each contains the other.
      if (other === one || (other.local === one.local && other.index > one.index)) continue
      if (++count > MAX_PROBLEMS) return overlaps
      const [earlier, later] = other.index < one.index ? [other, one] : [one, other]
      overlaps.set(later.index, [...(overlaps.get(later.index) ?? []), earlier.local])
    }
  }
  return overlaps
}

function checkExports(exports: AccountClaims['exports'], problems: Problems): void {
  for (const claim of exports) {
    if (claim === undefined) problems.error('null export is not allowed')
    else checkExport(claim, problems)
  }
  for (const kind of ['service', 'stream'] as const) {
    const subjects = exports.filter((claim) => claim?.kind === kind).map((claim) => (claim as ExportClaim).subject)
    const known = new Set<string>()
    const tree = new SubjectTree<string>()
    for (const subject of subjects) {
      if (known.has(subject)) problems.error(`${kind} export subject "${subject}" already exports "${subject}"`)
      else tree.add(subject, subject)
      known.add(subject)
    }
    const told = new Set<string>()
    for (const subject of known) {
      for (const container of tree.containing(subject)) {
        if (container === subject || told.has(container)) continue
        if (told.add(container).size > MAX_PROBLEMS) return
        problems.error(`${kind} export subject "${container}" already exports "${subject}"`)
      }
    }
  }
}

function checkExport(claim: ExportClaim, problems: Problems): void {
  const isService = claim.kind === 'service'
  if (claim.kind === 'unknown') problems.error('invalid export type: "unknown"')
  if (isService && !['', 'Singleton', 'Stream', 'Chunked'].includes(claim.responseType)) {
    problems.error(`invalid response type for service: ${JSON.stringify(claim.responseType)}`)
  }
  if (claim.kind === 'stream') {
    if (claim.responseType !== '') {
      problems.error(`invalid response type for stream: ${JSON.stringify(claim.responseType)}`)
    }
    if (claim.allowsTrace) problems.error('AllowTrace only valid for service export')
  }
  if (claim.latency !== undefined) {
    if (!isService) problems.error('latency tracking only permitted for services')
    if (claim.latency.sampling < 0 || claim.latency.sampling > 100) {
      problems.error('sampling percentage needs to be between 1-100')
    }
    checkSubject(claim.latency.results, problems)
    if (hasWildcards(claim.latency.results)) problems.error('results subject can not contain wildcards')
  }
  if (claim.responseThresholdNs < 0) problems.error('negative response threshold is invalid')
  if (claim.responseThresholdNs > 0 && !isService) problems.error('response threshold only valid for services')
  checkSubject(claim.subject, problems)
  checkAccountToken(claim, problems)
  checkInfo(claim, problems)
}

function checkAccountToken({ subject, accountTokenPosition: position }: ExportClaim, problems: Problems): void {
  if (position <= 0) return
  const tokens = subject.split('.')
  const token = tokens[position - 1]
  if (!hasWildcards(subject)) {
    problems.error(`Account Token Position can only be used with wildcard subjects: ${subject}`)
  } else if (token === undefined) {
    problems.error(`Account Token Position ${position} exceeds length of subject '${subject}'`)
  } else if (token !== '*') {
    problems.error(`Account Token Position ${position} matches '${token}' but must match a * in: ${subject}`)
  }
}

function checkMapping(source: string, destinations: readonly MappingClaim[], problems: Problems): void {
  checkSubject(source, problems)
  const totals = new Map<string, number>()
  for (const { subject, weight, cluster } of destinations) {
    checkSubject(subject, problems)
    if (weight > 100) problems.error(`Mapping "${source}" has a weight ${weight} that exceeds 100`)
    totals.set(cluster, (totals.get(cluster) ?? 0) + (weight || 100))
  }
  for (const [cluster, total] of totals) {
    if (total <= 100) continue
    const where = cluster === '' ? '' : ` in cluster "${cluster}"`
    problems.error(`Mapping "${source}"${where} exceeds 100% among all of it's weighted to mappings`)
  }
}

function checkAuthorization({ authorization }: AccountClaims, problems: Problems): void {
  const { authUsers, allowedAccounts, xkey } = authorization
  if (allowedAccounts.length > 0 && authUsers.length === 0) {
    problems.error('External authorization cannot have accounts without users specified')
  }
  for (const user of authUsers) {
    if (!isPublicKey(user, 'user')) problems.error(`AuthUser ${JSON.stringify(user)} is not a valid user public key`)
  }
  for (const account of allowedAccounts) {
    if (account === ANY_ACCOUNT) {
      if (allowedAccounts.length > 1) problems.error('AllowedAccounts can only be a list of accounts or "*"')
    } else if (!isPublicKey(account, 'account')) {
      problems.error(`Account ${JSON.stringify(account)} is not a valid account public key`)
    }
  }
  if (xkey !== '' && !isPublicKey(xkey, 'curve'))
    problems.error(`XKey ${JSON.stringify(xkey)} is not a valid public xkey`)
}

function checkLimits({ limits, imports, exports }: AccountClaims, problems: Problems): void {
  if (limits.imports >= 0 && imports.length > limits.imports) {
    problems.error('the account contains more imports than allowed by the operator')
  }
  if (limits.exports < 0) return
  if (exports.length > limits.exports) {
    problems.error('the account contains more exports than allowed by the operator')
  }
  if (!limits.allowsWildcardExports && exports.some((claim) => claim !== undefined && hasWildcards(claim.subject))) {
    problems.error('the account contains wildcard exports that are not allowed by the operator')
  }
}

function checkInfo({ description, infoUrl }: Pick<ExportClaim, 'description' | 'infoUrl'>, problems: Problems): void {
  if (description.length > MAX_INFO_LENGTH) problems.error('Description is too long')
  if (infoUrl === '') return
  if (infoUrl.length > MAX_INFO_LENGTH) problems.error('Info URL is too long')
  else if (!URL.canParse(infoUrl) || new URL(infoUrl).hostname === '') {
    problems.error('error parsing info url: no hostname or scheme')
  }
}
