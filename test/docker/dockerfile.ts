import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { HealthCheck } from './compose-file.ts'

const root = path.join(import.meta.dirname, '../..')

/** One instruction of a Dockerfile, with lines that go on joined, and without its comments. */
export interface Instruction {
  /** In capitals. */
  readonly name: string
  /** All behind the name; of a here-document only its first line. */
  readonly text: string
  /** Where it begins, from 1. */
  readonly line: number
}

export interface Stage {
  readonly from: Instruction
  /** What the stage begins with: an image, or the name of an earlier stage. */
  readonly base: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}

/** What docker/Dockerfile says of the containers of its image. */
export interface ImageConfig {
  readonly environment: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly healthcheck: HealthCheck
  readonly entrypoint: readonly string[]
  readonly stopSignal: NodeJS.Signals
  readonly workingFolder: string
  readonly user: string
}

/** The instructions of a Dockerfile. */
function readInstructions(text: string): Instruction[] {
  const instructions: { name: string; text: string; line: number }[] = []
  let goesOn = false
  for (const [i, line] of text.split('\n').entries()) {
    // Comments may stand between the lines of one instruction, too.
    if (/^\s*(#|$)/.test(line)) continue
    const said = line.replace(/\\\s*$/, '').trim()
    const current = instructions.at(-1)
    if (goesOn && current !== undefined) {
      current.text += ` ${said}`
    } else {
      const [, name = '', rest = ''] = /^\s*(\w+)\s*(.*)$/.exec(said) ?? []
      instructions.push({ name: name.toUpperCase(), text: rest, line: i + 1 })
    }
    goesOn = /\\\s*$/.test(line)
  }
  return instructions
}

/** The stages of a Dockerfile; what stands before the first belongs to none. */
export function readStages(text: string): Stage[] {
  const stages: { from: Instruction; base: string; name: string | undefined; instructions: Instruction[] }[] = []
  for (const instruction of readInstructions(text)) {
    if (instruction.name === 'FROM') {
      const words = instruction.text.split(/\s+/).filter((word) => !word.startsWith('--'))
      const [base = '', as, name] = words
      stages.push({ from: instruction, base, name: /^as$/i.test(as ?? '') ? name : undefined, instructions: [] })
    } else {
      stages.at(-1)?.instructions.push(instruction)
    }
  }
  return stages
}

/** `a=b "c"="d e"`, as ENV and LABEL have it. */
export function readPairs(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/"?([\w.-]+)"?=(?:"((?:\\.|[^"\\])*)"|(\S*))/g)]
  return Object.fromEntries(pairs.map(([, name, quoted, plain]) => [name, quoted ?? plain ?? '']))
}

/** The stages of docker/Dockerfile. */
export function ownStages(): Stage[] {
  return readStages(readFileSync(path.join(root, 'docker/Dockerfile'), 'utf8'))
}

/** What the last stage of docker/Dockerfile says. */
export function readDockerfile(): ImageConfig {
  const instructions = ownStages().at(-1)?.instructions ?? []
  const argument = (name: string) => {
    const found = instructions.findLast((instruction) => instruction.name === name)
    if (found === undefined) throw new Error(`The Dockerfile has no ${name}`)
    return found.text
  }
  const health = /^(?<options>.*?) CMD (?<command>\[.*\])$/.exec(argument('HEALTHCHECK'))?.groups
  const option = (name: string) => new RegExp(`--${name}=(\\S+)`).exec(health?.options ?? '')?.[1] ?? ''
  return {
    environment: readPairs(argument('ENV')),
    labels: readPairs(argument('LABEL')),
    healthcheck: {
      test: ['CMD', ...JSON.parse(health?.command ?? '')],
      interval: option('interval'),
      timeout: option('timeout'),
      start_period: option('start-period'),
      start_interval: option('start-interval'),
    },
    entrypoint: JSON.parse(argument('ENTRYPOINT')),
    stopSignal: argument('STOPSIGNAL') as NodeJS.Signals,
    workingFolder: argument('WORKDIR'),
    user: argument('USER'),
  }
}
