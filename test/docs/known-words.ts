import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { belfryProgram } from '../../src/cli.ts'
import { FLAG_KINDS, readFlags } from '../../src/commands/nats-server/flags.ts'
import { parseGoFlags } from '../../src/commands/nats-server/go-flags.ts'
import { unknownVariables } from '../docker/settings.ts'
import { ROOT } from './page.ts'

const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
const webScripts = JSON.parse(readFileSync(path.join(ROOT, 'web/package.json'), 'utf8')).scripts
/** Of npm itself. */
/** With all its commands. */
const BELFRY: Command = await belfryProgram()

const NPM_COMMANDS = ['ci', 'exec', 'install', 'pack', 'view']

/** Variables of the commands that are clients, and of the tests; they set nothing in the server. */
const OTHER_VARIABLES = ['BELFRY_PASSWORD', 'BELFRY_ACCESS_TOKEN', 'BELFRY_TEST_NATS_SERVER', 'BELFRY_REQUIRE_PROGRAMS']

/** What stands before a program and is none. */
const PREFIX = /^(\w+=.*|exec|env|sudo|command|if|then|do|while|!)$/s

/** What a script says of Belfry that is not so: commands, options and settings that there are not. */
export function objections(script: string): string[] {
  const variables = [...script.matchAll(/\b((?:BELFRY|ROCKET)_\w+)=/g)].map(([, name = '']) => name)
  const unknown = unknownVariables(Object.fromEntries(variables.map((name) => [name, ''])))
  return [
    ...unknown.filter((name) => !OTHER_VARIABLES.includes(name)).map((name) => `there is no setting ${name}`),
    ...simpleCommands(script).flatMap((words) => objectionsToCommand(words)),
  ]
}

function objectionsToCommand(words: readonly string[]): string[] {
  const [program = '', ...args] = words.slice(words.findIndex((word) => !PREFIX.test(word)))
  if (/^(npx|docker|podman)$/.test(program)) {
    // `docker exec NAME belfry …`, and `docker run … belfry …`, where it is the image, which is that program.
    const at = args.lastIndexOf('belfry')
    return at === -1 || ['build', 'logs', 'stop', 'rm'].includes(args[0]!) ? [] : objectionsToBelfry(args.slice(at + 1))
  }
  if (program === 'npm') return objectionToNpm(args)
  return /^((\.\.?\/)*bin\/)?belfry$/.test(program) ? objectionsToBelfry(args) : []
}

function objectionToNpm(args: readonly string[]): string[] {
  const [command = '', script = ''] = args.filter((word) => !word.startsWith('-'))
  if (command === 'run') return script in scripts || script in webScripts ? [] : [`there is no npm run ${script}`]
  return command in scripts || NPM_COMMANDS.includes(command) ? [] : [`there is no npm ${command}`]
}

function objectionsToBelfry(args: readonly string[]): string[] {
  if (args[0] === 'nats-server') {
    try {
      return readFlags(parseGoFlags(args.slice(1), FLAG_KINDS)).warnings
    } catch (error) {
      // What comes after is missing in a mention such as `belfry nats-server -c`.
      return /needs an argument/.test(String(error)) ? [] : [String(error)]
    }
  }
  let command = BELFRY
  const names = ['belfry']
  let rest = [...args]
  for (;;) {
    const inner = command.commands.find(
      (candidate) => candidate.name() === rest[0] || candidate.aliases().includes(rest[0]!),
    )
    if (inner === undefined) break
    command = inner
    names.push(inner.name())
    rest = rest.slice(1)
  }
  const isGroup = command.commands.length > 0
  if (isGroup && rest[0] !== undefined && !rest[0].startsWith('-'))
    return [`there is no ${[...names, rest[0]].join(' ')}`]
  // The command that is meant when none is named.
  if (command.name() === 'belfry') command = command.commands.find((candidate) => candidate.name() === 'serve')!
  return objectionsToOptions(command, names.join(' '), rest)
}

function objectionsToOptions(command: Command, name: string, args: readonly string[]): string[] {
  const known = ['--help', '-h', '--version', '-v', ...command.options.flatMap(({ short, long }) => [short, long])]
  const options = args.filter((word) => /^--?[a-z]/i.test(word)).map((word) => word.split('=')[0]!)
  return options.filter((option) => !known.includes(option)).map((option) => `${name} has no option ${option}`)
}

/** The words of each simple command of a script. Of a shell's language this knows what pages are written in. */
function simpleCommands(script: string): string[][] {
  const commands: string[][] = [[]]
  const word = /\s+#[^\n]*|\\\n|(\n|[|&;()]+|\$\(|`)|[<>]+&?\d?|((?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s|&;()<>'"`])+)/gs
  for (const [, operator, text] of script.matchAll(word)) {
    if (operator !== undefined) commands.push([])
    else if (text !== undefined) commands.at(-1)!.push(text.replace(/^(['"])(.*)\1$/s, '$2'))
  }
  return commands.filter((words) => words.length > 0)
}
