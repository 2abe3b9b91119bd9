import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { ConfigError } from '#kit'

const MAX_SECRET_CHARACTERS = 64 * 1024

/**
 * A password for a command: from the file that was named, else from BELFRY_PASSWORD, else asked for on the terminal
 * without showing it. Never from an argument, which everybody on the machine can read. Throws a `ConfigError` when
 * there is none.
 */
export async function readPassword(question: string, passwordFile: string | undefined): Promise<string> {
  const password = await passwordFrom(question, passwordFile)
  if (password === '') throw new ConfigError('The password is empty')
  return password
}

/** A secret for a command: from stdin when that is no terminal, else asked for without showing it. */
export async function readSecret(question: string): Promise<string> {
  return process.stdin.isTTY ? firstOf(await ask(question)) : withoutLineEnd(await allOfStdin())
}

/** One that is to be set: not empty, and asked for twice, since what is typed cannot be seen. */
export async function readNewSecret(question: string): Promise<string> {
  const [secret = '', again = secret] = process.stdin.isTTY
    ? await ask(question, `${question} again`)
    : [withoutLineEnd(await allOfStdin())]
  if (secret === '') throw new ConfigError(`The ${question.toLowerCase()} is empty`)
  if (again !== secret) throw new ConfigError('The two are not the same')
  return secret
}

async function passwordFrom(question: string, passwordFile: string | undefined): Promise<string> {
  if (passwordFile !== undefined) return fileText(passwordFile)
  if (process.env.BELFRY_PASSWORD !== undefined) return process.env.BELFRY_PASSWORD
  if (!process.stdin.isTTY) {
    throw new ConfigError('There is no password: set BELFRY_PASSWORD, or name a file with --password-file')
  }
  return firstOf(await ask(question))
}

/** Each on the terminal, without showing what is typed. */
async function ask(...questions: readonly string[]): Promise<string[]> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true })
  // One reader for all: of what is typed or pasted ahead nothing is lost.
  const lines = terminal[Symbol.asyncIterator]()
  const answers: string[] = []
  try {
    for (const question of questions) {
      process.stderr.write(`${question}: `)
      const { value, done } = await lines.next()
      process.stderr.write('\n')
      if (done) throw new ConfigError('Nothing was entered')
      answers.push(value)
    }
  } finally {
    terminal.close()
  }
  return answers
}

async function fileText(file: string): Promise<string> {
  try {
    return withoutLineEnd(await readFile(file, 'utf8'))
  } catch (error) {
    throw new ConfigError(`Cannot read the password file "${file}": ${(error as Error).message}`, { cause: error })
  }
}

async function allOfStdin(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk
    if (text.length > MAX_SECRET_CHARACTERS) throw new ConfigError('What comes from stdin is too long for a secret')
  }
  return text
}

function firstOf(answers: readonly string[]): string {
  return answers[0] ?? ''
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '')
}
