import { isPublicKey } from '../nkeys.ts'
import type { Claims, OperatorClaims, StandardClaims, UserRights } from './claims.ts'
import { isNetwork } from './networks.ts'
import { type Problem, Problems } from './problems.ts'
import { checkPermissions } from './subjects.ts'
import { isTimeZone, timeOfDayMs } from './times.ts'
import { checkAccount, checkActivation } from './validate-account.ts'

/** What is wrong with claims that a good signature stands under, at `nowMs`: what `Validate` of the library of nats-io finds. */
export function problemsOf(claims: Claims, nowMs: number): readonly Problem[] {
  const problems = new Problems()
  checkTimes(claims, nowMs, problems)
  switch (claims.type) {
    case 'operator':
      checkOperator(claims, problems)
      break
    case 'account':
      checkAccount(claims, problems)
      break
    case 'user':
      checkRights(claims.rights, problems)
      checkAccountKey(claims.issuerAccount, 'account_id is not an account public key', problems)
      break
    case 'activation':
      checkActivation(claims, problems)
      break
    case 'authorization_request':
      if (claims.userNkey === '') problems.error('User nkey is required')
      else if (!isPublicKey(claims.userNkey, 'user')) {
        problems.error(`User nkey ${JSON.stringify(claims.userNkey)} is not a valid user public key`)
      }
      break
    case 'authorization_response':
      if (!isPublicKey(claims.subject, 'user')) problems.error('Subject must be a user public key')
      if (!isPublicKey(claims.audience, 'server')) problems.error('Audience must be a server public key')
      if (claims.error === '' && claims.jwt === '') problems.error('Error or Jwt is required')
      if (claims.error !== '' && claims.jwt !== '') problems.error('Only Error or Jwt can be set')
      checkAccountKey(claims.issuerAccount, 'issuer_account is not an account public key', problems)
  }
  return problems.list
}

/** The first that stands in the way; `withTimes`: even if only for now, or since a while. */
export function obstacleAmong(problems: readonly Problem[], withTimes: boolean): Problem | undefined {
  return problems.find(({ kind }) => kind === 'error' || (withTimes && kind === 'time'))
}

/** Whether claims have had their time: their last second is in it. */
export function isExpired(claims: Pick<StandardClaims, 'expiresAt'>, nowMs: number): boolean {
  return claims.expiresAt > 0 && Math.floor(nowMs / 1000) > claims.expiresAt
}

function checkTimes(claims: StandardClaims, nowMs: number, problems: Problems): void {
  if (isExpired(claims, nowMs)) problems.time('claim is expired')
  if (claims.notBefore > Math.floor(nowMs / 1000)) problems.time('claim is not yet valid')
}

function checkAccountKey(key: string, text: string, problems: Problems): void {
  if (key !== '' && !isPublicKey(key, 'account')) problems.error(text)
}

function checkOperator(claims: OperatorClaims, problems: Problems): void {
  if (claims.accountServerUrl !== '' && !URL.canParse(claims.accountServerUrl)) {
    problems.error(`account server url ${JSON.stringify(claims.accountServerUrl)} requires a protocol`)
  }
  for (const key of claims.signingKeys) {
    if (!isPublicKey(key, 'operator')) problems.error(`${key} is not an operator public key`)
  }
  checkAccountKey(claims.systemAccount, `${claims.systemAccount} is not an account public key`, problems)
  if (claims.assertServerVersion !== '' && !/^\d+\.\d+\.\d+$/.test(claims.assertServerVersion)) {
    problems.error('assert server version error: asserted server version must be of the form <major>.<minor>.<update>')
  }
}

function checkRights(rights: UserRights, problems: Problems): void {
  checkPermissions(rights.permissions, problems)
  for (const network of rights.networks) {
    if (!isNetwork(network)) problems.error(`invalid cidr ${JSON.stringify(network)} in user src limits`)
  }
  for (const { start, end } of rights.times) {
    for (const [name, time] of [
      ['start', start],
      ['end', end],
    ] as const) {
      if (time === '') problems.error(`time ranges ${name} must contain ${name === 'start' ? 'a start' : 'an end'}`)
      else if (timeOfDayMs(time) === undefined) {
        problems.error(`${name} in time range is invalid ${JSON.stringify(time)}`)
      }
    }
  }
  if (rights.timesLocation !== '' && !isTimeZone(rights.timesLocation)) {
    problems.error(`could not parse iana time zone by name: unknown time zone ${rights.timesLocation}`)
  }
}
