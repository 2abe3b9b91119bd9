import { type Import, isLiteralSubject } from '#core'
import {
  booleanIn,
  type ConfigEntry,
  type ConfigMap,
  goType,
  InvalidValue,
  type Position,
  type Problems,
  readMap,
  stringIn,
} from '../language/index.ts'

export interface ImportsContext {
  readonly problems: Problems
  /** Of all accounts: where nats-server finds what is only wrong with imports when the accounts are linked. */
  readonly accountsPosition: Position
}

/** `imports` of an account. (`spec/nats.md` §2.8) */
export function importsIn({ value }: ConfigEntry, context: ImportsContext): readonly Import[] {
  const { problems } = context
  if (value.kind !== 'array') throw new InvalidValue(`Imports should be an array, got ${goType(value)}`)
  const imports: Import[] = []
  for (const item of value.items) {
    if (item.kind !== 'map') {
      problems.errorAt(item.position, `Import Items should be a map with type entry, got ${goType(item)}`)
      continue
    }
    const read = new ImportItem(context).read(item)
    if (read === undefined) continue
    const duplicate = read.kind === 'service' ? imports.find((one) => isSameService(one, read)) : undefined
    if (duplicate === undefined) imports.push(read)
    else {
      const { account, subject, to } = duplicate
      problems.errorAt(
        item.position,
        `Duplicate service import subject ${JSON.stringify(to)}, previously used in import for account ` +
          `${JSON.stringify(account)}, subject ${JSON.stringify(subject)}`,
      )
    }
  }
  return imports
}

function isSameService(a: Import, b: Import): boolean {
  return a.kind === 'service' && a.to === b.to && a.account === b.account
}

interface Exporter {
  readonly account: string
  readonly subject: string
}

/** One import while it is read. */
class ImportItem {
  readonly #problems: Problems
  readonly #accountsPosition: Position
  #kind: Import['kind'] | undefined
  #from: Exporter | undefined
  #prefix = ''
  #to = ''
  #toPosition: Position | undefined
  #shares = false
  #allowsTrace = false
  #tracePosition: Position | undefined

  constructor({ problems, accountsPosition }: ImportsContext) {
    this.#problems = problems
    this.#accountsPosition = accountsPosition
  }

  /** Nothing when it is wrong, or says neither of which stream nor of which service it is. */
  read(item: ConfigMap): Import | undefined {
    const errorsBefore = this.#problems.errors.length
    readMap(item, this.#fields, this.#problems)
    if (this.#kind === 'service' && this.#tracePosition !== undefined) {
      this.#problems.errorAt(this.#tracePosition, 'Detected allow_trace directive on a non-stream')
    }
    if (this.#kind === 'stream' && this.#prefix !== '' && this.#toPosition !== undefined) {
      this.#problems.errorAt(this.#toPosition, "Stream import can not have a 'prefix' and a 'to' property")
    }
    if (this.#problems.errors.length > errorsBefore) return undefined
    if (this.#from === undefined) {
      this.#problems.remarkAt(item.position, 'an import without stream and service has no effect')
      return undefined
    }
    const { account, subject } = this.#from
    if (this.#kind === 'service') {
      return { kind: 'service', account, subject, to: this.#to || subject, sharesRequestor: this.#shares }
    }
    if (!isLiteralSubject(this.#prefix)) {
      const reason = 'stream import prefix can not contain wildcard tokens'
      this.#problems.errorAt(this.#accountsPosition, `Error adding stream import ${JSON.stringify(subject)}: ${reason}`)
      return undefined
    }
    const to = this.#prefix === '' ? this.#to || subject : `${this.#prefix.replace(/\.?$/, '.')}${subject}`
    return { kind: 'stream', account, subject, to, allowsTrace: this.#allowsTrace }
  }

  readonly #fields = {
    stream: (entry: ConfigEntry) => this.#exporter('stream', entry),
    service: (entry: ConfigEntry) => this.#exporter('service', entry),
    prefix: ({ value }: ConfigEntry) => {
      this.#prefix = stringIn(value)
    },
    to: ({ keyPosition, value }: ConfigEntry) => {
      this.#to = stringIn(value)
      this.#toPosition = keyPosition
    },
    share: ({ value }: ConfigEntry) => {
      this.#shares = booleanIn(value)
    },
    allow_trace: ({ keyPosition, value }: ConfigEntry) => {
      this.#allowsTrace = booleanIn(value)
      this.#tracePosition = keyPosition
    },
  }

  #exporter(kind: Import['kind'], { value }: ConfigEntry): void {
    if (this.#kind !== undefined && this.#kind !== kind) {
      throw new InvalidValue(`Detected ${kind} but already saw a ${this.#kind}`)
    }
    if (value.kind !== 'map') {
      const what = kind === 'stream' ? 'Stream' : 'Service'
      throw new InvalidValue(`${what} entry should be an account map, got ${goType(value)}`)
    }
    this.#kind = kind
    let [account, subject] = ['', '']
    const fields = {
      account: ({ value }: ConfigEntry) => {
        account = stringIn(value)
      },
      subject: ({ value }: ConfigEntry) => {
        subject = stringIn(value)
      },
    }
    readMap(value, fields, this.#problems)
    if (account === '' || subject === '') throw new InvalidValue('Expect an account name and a subject')
    this.#from = { account, subject }
  }
}
