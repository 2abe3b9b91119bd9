import type { PermissionClaims } from './claims.ts'
import type { Problems } from './problems.ts'

/** Whether a pattern as the library of nats-io reads it has a wildcard token. */
export function hasWildcards(subject: string): boolean {
  return subject.split('.').some((token, index, tokens) => {
    return token === '*' || (token === '>' && index === tokens.length - 1)
  })
}

/** Whether all that `subject` matches, `container` matches too. */
export function isContainedIn(subject: string, container: string): boolean {
  const inner = subject.split('.')
  const outer = container.split('.')
  if (inner.length < outer.length) return false
  const isOpen = outer.at(-1) === '>'
  if (inner.length > outer.length && !isOpen) return false
  return outer.every((token, index) => {
    return token === '*' || token === inner[index] || (isOpen && index === outer.length - 1)
  })
}

/** A local subject with its references `$1` as the wildcards they stand for. */
export function withoutReferences(localSubject: string): string {
  const tokens = localSubject.split('.')
  return tokens.map((token) => (/^\$[+-]?\d+$/.test(token) ? '*' : token)).join('.')
}

export function checkSubject(subject: string, problems: Problems): void {
  if (subject === '') {
    problems.error('subject cannot be empty')
    return
  }
  if (subject.includes(' ')) problems.error(`subject ${JSON.stringify(subject)} cannot have spaces`)
  if (subject.startsWith('.') || subject.endsWith('.')) {
    problems.error(`subject ${JSON.stringify(subject)} cannot start or end with a \`.\``)
  }
  if (subject.includes('..')) problems.error(`subject ${JSON.stringify(subject)} cannot contain consecutive \`.\``)
}

/** `local` renames what `from` matches: it has all its wildcards, as they are or by reference. */
export function checkLocalSubject(local: string, from: string, problems: Problems): void {
  checkSubject(local, problems)
  if (from === '') problems.error('subject cannot be empty')
  const isOpen = (subject: string) => subject === '>' || subject.endsWith('.>')
  if (isOpen(local) !== isOpen(from)) {
    problems.error('both, renaming subject and subject, need to end or not end in >')
  }
  const wildcards = from.split('.').filter((token) => token === '*').length
  let referred = 0
  for (const token of local.split('.')) {
    if (token === '*') referred++
    const reference = /^\$([+-]?\d+)$/.exec(token)
    if (reference === null) continue
    if (Number(reference[1]) <= wildcards) referred++
    else
      problems.error(
        `Reference ${token} in ${JSON.stringify(local)} reference * in ${JSON.stringify(from)} that do not exist`,
      )
  }
  if (referred !== wildcards) problems.error('subject does not contain enough * or reference wildcards $[0-9]')
}

export function checkPermissions(permissions: PermissionClaims, problems: Problems): void {
  const { publish, subscribe } = permissions
  for (const subject of [...subscribe.allow, ...subscribe.deny]) checkEntry(subject, true, problems)
  for (const subject of [...publish.allow, ...publish.deny]) checkEntry(subject, false, problems)
}

function checkEntry(entry: string, allowsQueue: boolean, problems: Problems): void {
  const [subject = '', queue, ...more] = entry.split(' ')
  if (more.length > 0) {
    problems.error(`Permission Subject "${entry}" contains too many spaces`)
    return
  }
  checkSubject(subject, problems)
  if (queue === undefined) return
  checkSubject(queue, problems)
  if (!allowsQueue) problems.error(`Permission Subject "${entry}" is not allowed to contain queue`)
}
