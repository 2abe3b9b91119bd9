/**
 * Rules of hadolint (https://github.com/hadolint/hadolint/wiki) as far as they concern a Dockerfile such as ours, by their
 * numbers there: it is in no Debian, so `.ci/run` cannot have it. Those of package managers that we have no use for (pip,
 * gem, apk, yum, zypper, dnf) are not here, nor are labels, for which one would have to bring a schema.
 */
import type { Instruction, Stage } from '../dockerfile.ts'

export interface Rule {
  readonly says: string
  /** The lines that break it. */
  readonly broken: (stages: readonly Stage[]) => readonly number[]
  /** A Dockerfile that breaks it. */
  readonly example: string
}

const all = (stages: readonly Stage[]) => stages.flatMap(({ instructions }) => instructions)
const lines = (found: readonly Instruction[]) => found.map(({ line }) => line)

/** Instructions of one kind whose text is such. */
function those(name: string, isBad: (text: string, instruction: Instruction) => boolean): Rule['broken'] {
  return (stages) => lines(all(stages).filter((one) => one.name === name && isBad(one.text, one)))
}

/** RUN lines in which some command is such. */
function commands(isBad: (words: readonly string[]) => boolean): Rule['broken'] {
  return those('RUN', (text) => commandsOf(text).some(isBad))
}

/** Each command of a line of the shell, without what is set for it and the options of RUN. */
function commandsOf(text: string): string[][] {
  const parts = text.replace(/^(--\S+\s+)+/, '').split(/\s*(?:&&|\|\||[;|&])\s*/)
  return parts.map((part) => part.split(/\s+/).filter((word) => word !== '' && !/^\w+=/.test(word)))
}

const calls = (program: string, subcommand: string, flag?: RegExp) => (words: readonly string[]) =>
  words[0] === program && words.includes(subcommand) && !words.some((word) => flag?.test(word))

/** Of each stage all instructions of a kind but the last, which alone has an effect. */
function repeated(name: string): Rule['broken'] {
  return (stages) =>
    stages.flatMap(({ instructions }) => lines(instructions.filter((one) => one.name === name).slice(0, -1)))
}

const operands = (text: string) => text.split(/\s+/).filter((word) => !word.startsWith('--'))
const fromOf = (text: string) => /(?:^|\s)--from=(\S+)/.exec(text)?.[1]

export const RULES: Readonly<Record<string, Rule>> = {
  DL3000: {
    says: 'WORKDIR is absolute',
    broken: those('WORKDIR', (text) => !/^["']?[/$]/.test(text)),
    example: 'FROM scratch\nWORKDIR data',
  },
  DL3001: {
    says: 'nothing is called that makes no sense in a container',
    broken: commands(([program = '']) =>
      /^(ssh|vim|shutdown|service|ps|free|top|kill|mount|ifconfig|nano)$/.test(program),
    ),
    example: 'FROM debian:13\nRUN service ssh start',
  },
  DL3002: {
    says: 'the last user is not root',
    broken: (stages) => {
      const last = stages.at(-1)?.instructions.findLast(({ name }) => name === 'USER')
      return last !== undefined && /^(root|0)(:|$)/.test(last.text) ? [last.line] : []
    },
    example: 'FROM debian:13\nUSER 0:0',
  },
  DL3003: {
    says: 'folders are changed by WORKDIR',
    broken: commands(([program]) => program === 'cd'),
    example: 'FROM debian:13\nRUN cd /tmp && touch a',
  },
  DL3004: {
    says: 'there is no sudo',
    broken: commands(([program]) => program === 'sudo'),
    example: 'FROM debian:13\nRUN sudo true',
  },
  DL3006: {
    says: 'images have a tag',
    broken: (stages) => {
      const names = new Set(stages.map(({ name }) => name))
      const untagged = stages.filter(({ base }) => base !== 'scratch' && !names.has(base) && !/[:@$]/.test(base))
      return untagged.map(({ from }) => from.line)
    },
    example: 'FROM debian',
  },
  DL3007: {
    says: 'and not the tag that means whatever is newest',
    broken: (stages) => stages.filter(({ base }) => base.endsWith(':latest')).map(({ from }) => from.line),
    example: 'FROM debian:latest',
  },
  DL3008: {
    says: 'apt-get is told versions',
    broken: commands(
      (words) =>
        calls('apt-get', 'install')(words) &&
        words.slice(words.indexOf('install') + 1).some((word) => !/^-|=/.test(word)),
    ),
    example: 'FROM debian:13\nRUN apt-get install -y --no-install-recommends curl',
  },
  DL3009: {
    says: 'lists of apt do not stay',
    broken: those('RUN', (text) => /apt-get update/.test(text) && !text.includes('/var/lib/apt/lists')),
    example: 'FROM debian:13\nRUN apt-get update && apt-get install -y --no-install-recommends curl=8',
  },
  DL3011: {
    says: 'ports are ports',
    broken: those('EXPOSE', (text) => text.split(/\s+/).some((port) => Number.parseInt(port, 10) > 65_535)),
    example: 'FROM scratch\nEXPOSE 80000',
  },
  DL3012: {
    says: 'there is one health check',
    broken: repeated('HEALTHCHECK'),
    example: 'FROM scratch\nHEALTHCHECK CMD ["a"]\nHEALTHCHECK CMD ["b"]',
  },
  DL3014: {
    says: 'apt-get does not ask',
    broken: commands(calls('apt-get', 'install', /^(-[a-z]*y|--yes|--assume-yes|-qq)/)),
    example: 'FROM debian:13\nRUN apt-get install --no-install-recommends curl=8',
  },
  DL3015: {
    says: 'apt-get brings nothing that is only recommended',
    broken: commands(calls('apt-get', 'install', /^--no-install-recommends$/)),
    example: 'FROM debian:13\nRUN apt-get install -y curl=8',
  },
  DL3016: {
    says: 'npm is told versions; `ci` has them from the lock file',
    broken: commands(
      (words) =>
        calls('npm', 'install')(words) &&
        words.slice(words.indexOf('install') + 1).some((word) => !/^-|.@|^[./]|\.tgz$/.test(word)),
    ),
    example: 'FROM node:24\nRUN npm install express',
  },
  DL3020: {
    says: 'files are copied, not added',
    broken: those('ADD', (text) => !/^(--\S+\s+)*(https?:|\S+\.(tar|tgz|gz|xz|bz2|zst))/.test(text)),
    example: 'FROM scratch\nADD a /a',
  },
  DL3021: {
    says: 'what is copied from several places goes into a folder',
    broken: those('COPY', (text) => operands(text).length > 2 && !/\/["']?$/.test(text)),
    example: 'FROM scratch\nCOPY a b /c',
  },
  DL3022: {
    says: 'stages that are copied from have been there',
    broken: (stages) => {
      const known = (i: number) => new Set(stages.slice(0, i).flatMap(({ name }, at) => [name, String(at)]))
      return stages.flatMap(({ instructions }, i) =>
        lines(
          instructions.filter(({ name, text }) => {
            const from = name === 'COPY' ? fromOf(text) : undefined
            return from !== undefined && !/[:/]/.test(from) && !known(i + 1).has(from)
          }),
        ),
      )
    },
    example: 'FROM scratch\nCOPY --from=build /a /a',
  },
  DL3023: {
    says: 'no stage copies from itself',
    broken: (stages) =>
      stages.flatMap(({ name, instructions }) =>
        lines(instructions.filter((one) => one.name === 'COPY' && name !== undefined && fromOf(one.text) === name)),
      ),
    example: 'FROM scratch AS a\nCOPY --from=a /x /y',
  },
  DL3024: {
    says: 'names of stages are used once',
    broken: (stages) =>
      stages
        .filter(({ name }, i) => name !== undefined && stages.findIndex((other) => other.name === name) !== i)
        .map(({ from }) => from.line),
    example: 'FROM scratch AS a\nFROM scratch AS a',
  },
  DL3025: {
    says: 'what is started needs no shell',
    broken: (stages) =>
      lines(all(stages).filter(({ name, text }) => /^(CMD|ENTRYPOINT)$/.test(name) && !text.startsWith('['))),
    example: 'FROM debian:13\nENTRYPOINT belfry',
  },
  DL3027: {
    says: 'apt is for people',
    broken: commands(([program]) => program === 'apt'),
    example: 'FROM debian:13\nRUN apt install -y curl=8',
  },
  DL3029: {
    says: 'no platform is written down',
    broken: (stages) =>
      stages
        .filter(({ from }) => /--platform=(?!\$\{?(BUILD|TARGET)PLATFORM)/.test(from.text))
        .map(({ from }) => from.line),
    example: 'FROM --platform=linux/amd64 debian:13',
  },
  DL3044: {
    says: 'no variable is used in the instruction that sets it',
    broken: those('ENV', (text) =>
      [...text.matchAll(/(?:^|\s)(\w+)=/g)].some(([, name]) => new RegExp(`\\$\\{?${name}\\b`).test(text)),
    ),
    example: 'FROM scratch\nENV A=/a B=$A/b',
  },
  DL3045: {
    says: 'what is copied to a relative place has a working folder',
    broken: (stages) =>
      stages.flatMap(({ base, instructions }) =>
        lines(
          instructions.filter(({ name, text, line }) => {
            const to = operands(text).at(-1) ?? ''
            const isSet = instructions.some((one) => one.name === 'WORKDIR' && one.line < line)
            const isOurs = stages.some((one) => one.name === base)
            return name === 'COPY' && !/^["']?[/$]/.test(to) && !isSet && !isOurs
          }),
        ),
      ),
    example: 'FROM scratch\nCOPY a b',
  },
  DL3047: {
    says: 'wget does not draw its progress',
    broken: commands(
      ([program, ...args]) =>
        program === 'wget' && !args.some((word) => /^(--progress|--quiet|--no-verbose|-q|-nv)/.test(word)),
    ),
    example: 'FROM debian:13\nRUN wget https://example.com/a',
  },
  DL3059: {
    says: 'RUN lines that follow each other are one',
    broken: (stages) =>
      stages.flatMap(({ instructions }) =>
        lines(instructions.filter(({ name }, i) => name === 'RUN' && instructions[i - 1]?.name === 'RUN')),
      ),
    example: 'FROM debian:13\nRUN make\nRUN make install',
  },
  DL3066: {
    says: 'users are numbers, which the machine knows as well',
    broken: those('USER', (text) => !/^[\d$]/.test(text)),
    example: 'FROM debian:13\nUSER node',
  },
  DL4000: {
    says: 'MAINTAINER is no more',
    broken: those('MAINTAINER', () => true),
    example: 'FROM scratch\nMAINTAINER somebody',
  },
  DL4001: {
    says: 'there is wget or curl, not both',
    broken: (stages) => {
      const of = (program: string) => commands(([first]) => first === program)(stages)
      return of('curl').length > 0 ? of('wget') : []
    },
    example: 'FROM debian:13\nRUN curl -O https://example.com/a && wget -q https://example.com/b',
  },
  DL4003: { says: 'there is one CMD', broken: repeated('CMD'), example: 'FROM scratch\nCMD ["a"]\nCMD ["b"]' },
  DL4004: {
    says: 'there is one ENTRYPOINT',
    broken: repeated('ENTRYPOINT'),
    example: 'FROM scratch\nENTRYPOINT ["a"]\nENTRYPOINT ["b"]',
  },
  DL4005: {
    says: 'the shell is changed by SHELL',
    broken: commands(([program, ...args]) => program === 'ln' && args.includes('/bin/sh')),
    example: 'FROM debian:13\nRUN ln -sfv /bin/bash /bin/sh',
  },
  DL4006: {
    says: 'a pipe fails with any of its commands',
    broken: (stages) =>
      stages.flatMap(({ instructions }) =>
        lines(
          instructions.filter(({ name, text, line }) => {
            const isSet = instructions.some(
              (one) => one.name === 'SHELL' && one.line < line && /pipefail/.test(one.text),
            )
            return name === 'RUN' && /(?<!\|)\|(?!\|)/.test(text.replace(/'[^']*'/g, '')) && !isSet
          }),
        ),
      ),
    example: 'FROM debian:13\nRUN sort a | head',
  },
}
