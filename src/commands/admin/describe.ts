import type { Export, Import, ResponseRules, SubjectMapping, SubjectRules } from '#core'
import { fromByteString } from '#kit'
import type { Rights } from './rights.ts'

/** The rights as people read them: a line for each thing, more where there are several. */
export function describeRights(rights: Rights): string {
  const { user, name, by, account, definition, connectionTypes, permissions, notes } = rights
  const { publish, subscribe, responses } = permissions ?? {}
  const rows: [string, readonly string[]][] = [
    ['account', [definition?.nameTag === undefined ? account : `${account} (${definition.nameTag})`]],
    ['doors', [connectionTypes === undefined ? 'all' : connectionTypes.join(', ')]],
    ['publish', [rulesText(publish)]],
    ['subscribe', [rulesText(subscribe)]],
    ['answers', responses === undefined ? [] : [responsesText(responses)]],
    ['limits', limitTexts(rights)],
    ['imports', definition?.imports.map(importText) ?? []],
    ['exports', definition?.exports.map(exportText) ?? []],
    ['mappings', definition?.mappings.map(mappingText) ?? []],
    ['note', notes],
  ]
  const lines = rows.flatMap(([name, texts]) => texts.map((text, i) => `  ${(i === 0 ? name : '').padEnd(10)} ${text}`))
  return `${[`${name === undefined ? user : `${user} (${name})`}, who has ${by}`, ...lines].join('\n')}\n`
}

function rulesText({ allow, deny = [] }: SubjectRules = {}): string {
  if (deny.includes('>')) return 'nothing'
  const allowed = allow === undefined ? 'everything' : allow.length === 0 ? 'nothing' : allow.map(entryText).join(', ')
  return deny.length === 0 || allow?.length === 0 ? allowed : `${allowed}; but not ${deny.map(entryText).join(', ')}`
}

function entryText(entry: string): string {
  const [subject = '', queue] = entry.split(' ')
  return fromByteString(queue === undefined ? subject : `${subject} in queue group ${queue}`)
}

function responsesText({ maxMessages, ttlMs }: ResponseRules): string {
  const count = maxMessages < 0 ? 'any number' : String(maxMessages)
  return `${count} for each request${ttlMs < 0 ? '' : ` within ${durationText(ttlMs)}`}, wherever they go`
}

/** In the largest unit that needs no fraction. */
function durationText(ms: number): string {
  for (const [unit, size] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`
  }
  return `${ms}ms`
}

function limitTexts({ definition, limits }: Rights): string[] {
  const ofAccount = definition?.limits ?? {}
  const all = [
    [limits?.maxSubscriptions, 'subscriptions'],
    [limits?.maxPayloadBytes, 'bytes in a message'],
    [ofAccount.maxConnections, 'connections in the account'],
    [ofAccount.maxLeafNodes, 'leaf nodes in the account'],
    [ofAccount.maxSubscriptions, 'subscriptions in the account'],
    [ofAccount.maxPayloadBytes, 'bytes in a message in the account'],
  ] as const
  return all.flatMap(([limit, what]) => (limit === undefined ? [] : [`${limit} ${what}`]))
}

function importText({ kind, account, ...subjects }: Import): string {
  const [subject, to] = [fromByteString(subjects.subject), fromByteString(subjects.to)]
  return `${kind} ${to}${to === subject ? ` of account ${account}` : `, which is ${subject} of account ${account}`}`
}

function exportText({ kind, access, ...item }: Export): string {
  const subject = fromByteString(item.subject)
  switch (access.kind) {
    case 'public':
      return `${kind} ${subject} to everybody`
    case 'accounts':
      return `${kind} ${subject} to ${access.accounts.map((name) => `account ${name}`).join(', ')}`
    case 'token':
      return `${kind} ${subject} to accounts with an activation token`
  }
}

function mappingText({ source, destinations }: SubjectMapping): string {
  const texts = destinations.map(({ subject, weight, cluster }) => {
    const share = weight === 100 ? '' : ` (${weight} %)`
    return `${fromByteString(subject)}${share}${cluster === undefined ? '' : ` in cluster ${cluster}`}`
  })
  return `${fromByteString(source)} goes to ${texts.join(', ')}`
}
