import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import Handlebars from 'handlebars'
import type { Logger } from '#kit'
import type { LetterName } from './letters.ts'
import { DIVIDER, ownTemplates, type TemplateSources } from './own-letters.ts'

export interface RenderedLetter {
  readonly subject: string
  readonly text: string
  readonly html: string
}

export type Variables = Readonly<Record<string, string | number | null>>

/** Of the operator's folder: more than Vaultwarden has templates, by far. */
const MAX_FILES = 1000

/** What handlebars, as Vaultwarden has it, knows beyond the one for JavaScript; `case` and `to_json` are Vaultwarden's. */
const HELPERS: Record<string, (...parameters: never[]) => unknown> = {
  eq: (a: unknown, b: unknown) => a === b,
  ne: (a: unknown, b: unknown) => a !== b,
  gt: (a: number, b: number) => a > b,
  gte: (a: number, b: number) => a >= b,
  lt: (a: number, b: number) => a < b,
  lte: (a: number, b: number) => a <= b,
  not: (a: unknown) => !a,
  and: (...parameters: unknown[]) => parameters.slice(0, -1).every(Boolean),
  or: (...parameters: unknown[]) => parameters.slice(0, -1).some(Boolean),
  len: (a: { length: number }) => a.length,
  to_json: (value: unknown) => JSON.stringify(value),
  case(this: unknown, value: unknown, ...parameters: unknown[]) {
    const block = parameters.pop() as Handlebars.HelperOptions
    return parameters.includes(value) ? block.fn(this) : ''
  },
}

/**
 * Letters made from templates: ours, and in their place those of the operator that are right. One that is not costs a
 * warning with the name of its file, never a letter.
 */
export class Templates {
  readonly #own: Book
  /** Undefined when the operator has none. */
  readonly #operators: Book | undefined
  readonly #operatorNames: ReadonlySet<string>
  readonly #folder: string
  readonly #logger: Logger

  static async load(folder: string, logger: Logger): Promise<Templates> {
    return new Templates(folder, await readTemplates(folder, logger), logger)
  }

  private constructor(folder: string, found: TemplateSources, logger: Logger) {
    const own = ownTemplates()
    this.#folder = folder
    this.#logger = logger
    this.#own = new Book(own)
    this.#operatorNames = new Set(found.keys())
    this.#operators = found.size === 0 ? undefined : new Book(new Map([...own, ...found]))
  }

  render(name: LetterName, said: Variables): RenderedLetter {
    const variables = inOneLine(said)
    const text = this.#render(`email/${name}`, variables)
    const { subject, body: html } = this.#render(`email/${name}.html`, variables)
    return { subject, text: text.body, html }
  }

  #render(name: string, variables: Variables): Rendered {
    if (this.#operators !== undefined) {
      try {
        // Theirs may have been written without care for what a user can put into a name.
        const isTheirs = this.#operatorNames.has(name)
        return this.#operators.render(name, isTheirs ? withoutTags(variables) : variables)
      } catch (error) {
        const file = path.join(this.#folder, `${name}.hbs`)
        this.#logger.warn({ file, error: firstLine(error) }, 'mail template cannot be used, ours takes its place')
      }
    }
    return this.#own.render(name, variables)
  }
}

interface Rendered {
  readonly subject: string
  readonly body: string
}

/** Templates that may include each other. */
class Book {
  readonly #sources: TemplateSources
  readonly #text = environment()
  readonly #html = environment()
  readonly #compiled = new Map<string, Handlebars.TemplateDelegate>()

  constructor(sources: TemplateSources) {
    this.#sources = sources
    const partials = Object.fromEntries(sources)
    this.#text.registerPartial(partials)
    this.#html.registerPartial(partials)
  }

  /** Throws when the template cannot be compiled, asks for what is not there, or is not a subject and a body. */
  render(name: string, variables: Variables): Rendered {
    const template = this.#compiled.get(name) ?? this.#compile(name)
    this.#compiled.set(name, template)
    const parts = template(variables).split(DIVIDER)
    if (parts.length !== 2) throw new Error(`a template has a subject, "${DIVIDER}" and a body`)
    const [subject = '', body = ''] = parts
    return { subject: subject.replaceAll(/\p{Cc}+/gu, ' ').trim(), body: body.trim() }
  }

  #compile(name: string): Handlebars.TemplateDelegate {
    const isHtml = name.endsWith('.html')
    // An environment for each: what a partial is compiled with, escaping or not, is remembered there.
    const handlebars = isHtml ? this.#html : this.#text
    // Strict, as Vaultwarden: a link without its token is worse than a template that is passed over.
    return handlebars.compile(this.#sources.get(name) ?? '', { strict: true, noEscape: !isHtml })
  }
}

function environment(): typeof Handlebars {
  const handlebars = Handlebars.create()
  handlebars.registerHelper(HELPERS as Handlebars.HelperDeclareSpec)
  return handlebars
}

/** Every `.hbs` file below `folder` that is one, by its path without the ending. */
async function readTemplates(folder: string, logger: Logger): Promise<TemplateSources> {
  const found = new Map<string, string>()
  const files = await templateFiles(folder, logger)
  for (const file of files.slice(0, MAX_FILES)) {
    const name = file.slice(0, -'.hbs'.length).replaceAll(path.sep, '/')
    try {
      const source = await readFile(path.join(folder, file), 'utf8')
      // Those of Vaultwarden's admin pages lie in the same folder and are not for us to judge.
      if (name.startsWith('email/')) Handlebars.parse(source)
      found.set(name, source)
    } catch (error) {
      logger.warn(
        { file: path.join(folder, file), error: firstLine(error) },
        'mail template cannot be used, ours takes its place',
      )
    }
  }
  return found
}

async function templateFiles(folder: string, logger: Logger): Promise<string[]> {
  try {
    return (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.hbs')).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      logger.warn({ folder, error: firstLine(error) }, 'folder of mail templates cannot be read')
    }
    return []
  }
}

const firstLine = (error: unknown) => (error as Error).message.split('\n', 1)[0]

const withoutTags = (variables: Variables) => mapTexts(variables, (text) => text.replaceAll(/<[^>]+>/g, ''))

/**
 * What users and strangers have written, so that it can neither add lines of its own to a letter nor take the place of its
 * divider: a letter that cannot be made would not tell of the login that it is about.
 */
const inOneLine = (variables: Variables) =>
  mapTexts(variables, (text) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replaceAll(DIVIDER, ' '))

const mapTexts = (variables: Variables, change: (text: string) => string): Variables =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? change(value) : value]),
  )
