import { isLiteralSubject } from './subject.ts'
import { type DestinationToken, parseDestination, TransformError, textOf } from './subject-transform.ts'

/** How the subjects of an exporter are named in the account that imports them, and back. */
export class ImportMapping {
  /** What the exporter has; may have wildcards, as has `local`, its name in the importing account. */
  readonly remote: string
  readonly local: string
  /** Both are one: nothing is to be translated. */
  readonly isIdentity: boolean
  readonly #remoteTokens: readonly string[]
  /** Of `local`; a wildcard is that of the exporter's subject. */
  readonly #localTokens: readonly DestinationToken[]

  /** `to` may name the wildcards of `remote` as `*` or `$1`. Throws a `TransformError`, in nats-server's words. */
  constructor(remote: string, to: string) {
    this.remote = remote
    this.isIdentity = remote === to
    this.#remoteTokens = remote.split('.')
    this.#localTokens =
      isLiteralSubject(remote) || this.isIdentity
        ? to.split('.').map((text) => ({ kind: 'literal', text }))
        : parseDestination(remote, numbered(to), NO_CHANCE, { isReversible: true })
    this.local = this.#localTokens.map((token) => (token.kind === 'literal' ? token.text : '*')).join('.')
  }

  /** `subject` must match `remote`. */
  toLocal(subject: string): string {
    if (this.isIdentity) return subject
    const tokens = subject.split('.')
    return this.#localTokens
      .flatMap((token) =>
        token.kind === 'literal' && token.text === '>'
          ? tokens.slice(this.#remoteTokens.length - 1)
          : [textOf(token, tokens)],
      )
      .join('.')
  }

  /** `subject` must match `local`. It may have wildcards: those of a subscription that is narrower than the import. */
  toRemote(subject: string): string {
    if (this.isIdentity) return subject
    const tokens = subject.split('.')
    return this.#remoteTokens
      .flatMap((token, index) => {
        if (token === '>') return tokens.slice(this.#localTokens.length - 1)
        if (token !== '*') return [token]
        const place = this.#localTokens.findIndex((local) => local.kind === 'wildcard' && local.index === index)
        return [tokens[place] ?? token]
      })
      .join('.')
  }
}

/** `a.*.*` is short for `a.$1.$2`. */
function numbered(to: string): string {
  let wildcards = 0
  return to
    .split('.')
    .map((token) => (token === '*' ? `$${++wildcards}` : token))
    .join('.')
}

const NO_CHANCE = {
  random(): number {
    throw new TransformError('no chance in imports')
  },
}
