import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { HealthCheck } from './compose-file.ts'

const root = path.join(import.meta.dirname, '../..')

/** What docker/Dockerfile says of the containers of its image. */
export interface ImageConfig {
  readonly environment: Readonly<Record<string, string>>
  readonly healthcheck: HealthCheck
  readonly entrypoint: readonly string[]
  readonly stopSignal: NodeJS.Signals
  readonly workingFolder: string
  readonly user: string
}

/** Reads the last stage. */
export function readDockerfile(): ImageConfig {
  const text = instructionsOf(readFileSync(path.join(root, 'docker/Dockerfile'), 'utf8'))
  const stage = text.split(/^FROM .*\n/m).at(-1) ?? ''
  const argument = (name: string) => {
    const found = new RegExp(`^${name} (.*)$`, 'm').exec(stage)?.[1]
    if (found === undefined) throw new Error(`The Dockerfile has no ${name}`)
    return found
  }
  const health = /^(?<options>.*?) CMD (?<command>\[.*\])$/.exec(argument('HEALTHCHECK'))?.groups
  const option = (name: string) => new RegExp(`--${name}=(\\S+)`).exec(health?.options ?? '')?.[1] ?? ''
  return {
    environment: Object.fromEntries(
      argument('ENV')
        .trim()
        .split(/\s+/)
        .map((pair) => pair.split(/=(.*)/s, 2)),
    ),
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

/** Without comments, one instruction on each line. */
function instructionsOf(text: string): string {
  return text.replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, '')
}
