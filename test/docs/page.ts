import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Of the checkout. */
export const ROOT = path.join(import.meta.dirname, '../..')

/** What is written for people: everything that could have a command in it. Paths from the root, with `/`. */
export const PAGES: readonly string[] = globSync(
  ['*.md', 'docs/**/*.md', 'bench/**/*.md', 'docker/**/*.md', 'web/*.md', 'test/docs/*.md'],
  { cwd: ROOT },
).sort()

/** Languages of blocks that are commands. In `console`, lines with `$ ` are, and the others are what they print. */
const SHELLS = ['sh', 'bash', 'console']

export interface Block {
  /** What stands behind the backticks. */
  readonly language: string
  readonly text: string
  /** Of the text's first line, from 1. */
  readonly line: number
}

/** One command, which may go over several lines. */
export interface Command {
  readonly text: string
  readonly line: number
  /** What the page says that it prints; only of a `console`. */
  readonly output: string | undefined
}

/** Commands that belong together: one block, or one that stands within a sentence. */
export interface Commands {
  readonly language: string
  readonly commands: readonly Command[]
  /** As one runs it: a whole script. */
  readonly text: string
}

export interface Page {
  /** From the root. */
  readonly name: string
  readonly source: string
  readonly blocks: readonly Block[]
  readonly commands: readonly Commands[]
}

/** @param name a path from the root */
export function readPage(name: string): Page {
  return parsePage(name, readFileSync(path.join(ROOT, name), 'utf8'))
}

export function parsePage(name: string, source: string): Page {
  const blocks: Block[] = []
  const prose: string[] = []
  let open: { indent: string; language: string; line: number; lines: string[] } | undefined
  for (const [at, line] of source.split('\n').entries()) {
    const [, indent = '', language = ''] = /^(\s*)```(\S*)\s*$/.exec(line) ?? []
    const isFence = /^\s*```/.test(line)
    if (isFence && open === undefined) open = { indent, language, line: at + 2, lines: [] }
    else if (isFence && open !== undefined) {
      blocks.push({ language: open.language, line: open.line, text: open.lines.join('\n') })
      open = undefined
    } else if (open !== undefined) open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
    prose.push(open === undefined && !isFence ? line : '')
  }
  if (open !== undefined) throw new Error(`${name}:${open.line - 1}: this block does not end`)
  return { name, source, blocks, commands: [...blocks.flatMap(commandsOfBlock), ...inlineCommands(prose)] }
}

function commandsOfBlock({ language, text, line }: Block): Commands[] {
  if (!SHELLS.includes(language)) return []
  const commands = language === 'console' ? sessionCommands(text, line) : scriptCommands(text, line)
  return [{ language, commands, text: commands.map((command) => command.text).join('\n') }]
}

/** Lines that end in a backslash, or are within quotes or a here-document, go on; comments and empty lines are none. */
function scriptCommands(text: string, firstLine: number): Command[] {
  const commands: Command[] = []
  let begun: { line: number; lines: string[]; end?: string | undefined } | undefined
  for (const [at, line] of text.split('\n').entries()) {
    if (begun === undefined && (/^\s*(#|$)/.test(line) || line === '')) continue
    begun ??= { line: firstLine + at, lines: [] }
    begun.lines.push(line)
    begun.end ??= /<<-?\s*['"]?(\w+)['"]?/.exec(line)?.[1]
    const isOpen =
      begun.end === undefined ? line.endsWith('\\') || hasOpenQuote(begun.lines.join('\n')) : line.trim() !== begun.end
    if (isOpen) continue
    commands.push({ text: begun.lines.join('\n'), line: begun.line, output: undefined })
    begun = undefined
  }
  if (begun !== undefined) throw new Error(`line ${begun.line}: this command does not end`)
  return commands
}

function hasOpenQuote(text: string): boolean {
  const closed = text.replace(/\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?<=\s)#[^\n]*/gs, '')
  return /['"]/.test(closed)
}

function sessionCommands(text: string, firstLine: number): Command[] {
  const commands: { text: string; line: number; output: string }[] = []
  for (const [at, line] of text.split('\n').entries()) {
    const last = commands.at(-1)
    if (line.startsWith('$ ')) commands.push({ text: line.slice(2), line: firstLine + at, output: '' })
    else if (last === undefined) throw new Error(`line ${firstLine + at}: a console begins with a command: $ …`)
    else if (last.output === '' && last.text.endsWith('\\')) last.text += `\n${line}`
    else last.output += `${line}\n`
  }
  // An empty line before the next command is no output.
  return commands.map((command) => ({ ...command, output: command.output.replace(/\n+$/, '\n') }))
}

/** Those within sentences that begin with one of our programs. The same words mean the same command: it counts once. */
function inlineCommands(prose: readonly string[]): Commands[] {
  const found = new Map<string, Commands>()
  for (const [at, line] of prose.entries()) {
    for (const [, text = ''] of line.matchAll(/(?<!`)`((?:(?:bin\/)?belfry|npm) [^`]+)`/g)) {
      const command = { text, line: at + 1, output: undefined }
      if (!found.has(text)) found.set(text, { language: 'inline', commands: [command], text })
    }
  }
  return [...found.values()]
}
