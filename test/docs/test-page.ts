import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { startServer } from '#server'
import { freePort, type RunningProgram, runProgram } from '../helpers/processes.ts'
import { type ProgramName, requireProgram } from '../helpers/programs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { objections } from './known-words.ts'
import { whyNotHere } from './not-here.ts'
import { type Command, type Commands, type Page, ROOT, readPage } from './page.ts'
import { Place, type RunOptions } from './place.ts'

/** The page under test. Each command is asked for by some words of it, in the order that the test likes. */
export class PageTest implements AsyncDisposable {
  readonly page: Page
  readonly place: Place
  /** What was not asked for yet. */
  readonly #left: Set<Command>
  readonly #cleanup = new AsyncDisposableStack()

  constructor(page: Page, place: Place) {
    this.page = page
    this.place = place
    this.#left = new Set(page.commands.filter(hasToBeRun).flatMap(({ commands }) => commands))
    this.#cleanup.use(place)
  }

  /** Runs the block (or the command within a sentence) that has `words` in it: as one script, each command of which does well. */
  run(words: string, options: RunOptions = {}): Promise<{ stdout: string; stderr: string }> {
    const { text, language } = this.#takeBlock(words)
    return this.place.run(text, { shell: language === 'bash' ? 'bash' : 'sh', ...options })
  }

  /** Runs one command of a block, or some as one script. */
  runLine(words: string | readonly string[], options: RunOptions = {}): Promise<{ stdout: string; stderr: string }> {
    return this.place.run(this.runnable(words), options)
  }

  /** The same as a script that the test runs. */
  runnable(words: string | readonly string[]): string {
    return [words]
      .flat()
      .map((some) => this.#takeLine(some).text)
      .join('\n')
  }

  /** Runs a block whose last command stays; resolves when it has said `ready`. It is ended with the test. */
  start(words: string, ready: RegExp, env: RunOptions['env'] = {}): Promise<RunningProgram> {
    return this.place.start(this.#takeBlock(words).text, ready, env)
  }

  /** The same with one command of a block, or some as one script. */
  startLine(words: string | readonly string[], ready: RegExp, env: RunOptions['env'] = {}): Promise<RunningProgram> {
    return this.place.start(this.runnable(words), ready, env)
  }

  /**
   * Runs the commands of a `console` and compares what each prints with what the page shows; `…` there stands for
   * anything. `mask` takes away what is never the same: both sides go through it.
   */
  async console(words: string, { mask = (text: string) => text, ...options }: ConsoleOptions = {}): Promise<void> {
    for (const { text, output = '', line } of this.#takeBlock(words).commands) {
      // Commands of a console may fail: that is what they show then.
      const { stdout, stderr } = await this.place.run(`{ ${text}\n} || true`, options)
      const wanted = mask(this.place.translate(output))
      const pattern = wanted
        .split('…')
        .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
        .join('[^]*?')
      const said = mask(stdout + stderr)
      if (!new RegExp(`^${pattern}$`).test(said)) assert.equal(said, wanted, `${this.page.name}:${line}`)
    }
  }

  /** Notes that the block with `words` cannot be run here, for a reason of not-here.ts. Its syntax is checked. */
  async notHere(words: string): Promise<void> {
    const { text, commands } = this.#takeBlock(words)
    assert.ok(whyNotHere(text) !== undefined, `${this.page.name}:${commands[0]!.line}: not-here.ts knows no reason`)
    await parsesInShell(text)
  }

  /** The same of one command of a block. */
  async lineNotHere(words: string): Promise<void> {
    const { text, line } = this.#takeLine(words)
    assert.ok(whyNotHere(text) !== undefined, `${this.page.name}:${line}: not-here.ts knows no reason`)
    await parsesInShell(text)
  }

  /** A block that is no command: a configuration, an example of JSON. */
  block(words: string): string {
    const found = this.page.blocks.filter(({ text }) => text.includes(words))
    assert.equal(found.length, 1, `${this.page.name}: ${found.length} blocks have ${JSON.stringify(words)}`)
    return found[0]!.text
  }

  /**
   * A server within this process, on free ports. Commands reach it where the page has Belfry's default addresses or
   * none (`belfry watch`), and trust its certificate.
   */
  async server(overrides?: Parameters<typeof startServer>[0]): Promise<TestServer> {
    const server = this.#cleanup.use(await startTestServer(overrides))
    const { place } = this
    place.env.NODE_EXTRA_CA_CERTS = server.certificateAuthorityFile
    place.replace(/http:\/\/(127\.0\.0\.1|localhost):8000/, server.webUrl)
    place.replace('https://localhost:8443', server.secureUrl)
    place.replace(/(127\.0\.0\.1|localhost):4222/, new URL(server.natsUrl).host)
    place.replace(/(belfry (?:account create|watch) [^\s|]+)(?![^|\n]*--server)/, `$1 --server ${server.webUrl}`)
    return server
  }

  /**
   * For pages that start a Belfry themselves: it takes ports that are free, and where the page has the default ones,
   * commands have these.
   */
  async freePorts(): Promise<{ readonly web: number; readonly https: number; readonly nats: number }> {
    const [web, https, nats] = [await freePort(), await freePort(), await freePort()]
    const { place } = this
    Object.assign(place.env, {
      ROCKET_PORT: String(web),
      BELFRY_HTTPS: `127.0.0.1:${https}`,
      BELFRY_NATS_PORT: String(nats),
      NATS_URL: `127.0.0.1:${nats}`,
    })
    for (const [from, to] of [
      [8000, web],
      [8443, https],
      [4222, nats],
    ]) {
      place.replace(new RegExp(`(?<=(127\\.0\\.0\\.1|localhost):)${from}\\b`), String(to))
    }
    place.replace(/(belfry (?:account create|watch) [^\s|]+)(?![^|\n]*--server)/, `$1 --server http://127.0.0.1:${web}`)
    return { web, https, nats }
  }

  /** Ends with the test. */
  use<T extends AsyncDisposable | Disposable>(thing: T): T {
    return this.#cleanup.use(thing)
  }

  /** What of the page was neither run nor cannot be. */
  left(): string[] {
    return [...this.#left].map(({ line, text }) => `${this.page.name}:${line}: ${text}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup.disposeAsync()
  }

  /** The block that is left; else one that was taken, which may be run again. */
  #takeBlock(words: string): Commands {
    const found = this.page.commands.filter(({ text }) => text.includes(words))
    const open = found.filter(({ commands }) => commands.some((command) => this.#left.has(command)))
    const blocks = open.filter(({ language }) => language !== 'inline')
    const [chosen] =
      [found.filter(({ text }) => text === words), blocks, open, found].find((some) => some.length > 0) ?? []
    assert.ok(chosen, `${this.page.name} has no command with ${JSON.stringify(words)}`)
    for (const command of chosen.commands) this.#left.delete(command)
    return chosen
  }

  #takeLine(words: string): Command {
    const all = this.page.commands.flatMap(({ commands }) => commands)
    const found = all.filter(({ text }) => text.includes(words))
    const chosen = found.find((command) => this.#left.has(command)) ?? found[0]
    assert.ok(chosen, `${this.page.name} has no command with ${JSON.stringify(words)}`)
    this.#left.delete(chosen)
    return chosen
  }
}

interface ConsoleOptions extends RunOptions {
  readonly mask?: (text: string) => string
}

/**
 * Tests a page. It fails when a command of the page was neither run nor cannot be here; it is skipped aloud where one of
 * `programs`, which its commands call, is missing.
 */
export function testPage(
  name: string,
  run: (page: PageTest) => Promise<void>,
  programs: readonly ProgramName[] = [],
): void {
  const skip = programs.map((program) => requireProgram(program).skip).find(Boolean) ?? false
  test(`what ${name} says to type works`, { skip }, async () => {
    await using page = new PageTest(readPage(name), await Place.prepare())
    await run(page)
    assert.deepEqual(page.left(), [], 'not run, and not said to be impossible here')
  })
}

/** A name within a sentence, such as `belfry admin`, is no command yet. That there is such a thing is checked for all. */
export function hasToBeRun({ language, text }: Commands): boolean {
  return (
    language !== 'inline' || (!/^((bin\/)?belfry|npm)( [a-z][a-z-]*)+$/.test(text) && whyNotHere(text) === undefined)
  )
}

async function parsesInShell(text: string): Promise<void> {
  const { code, stderr } = await runProgram({ command: 'sh', args: ['-nc', text] })
  assert.equal(code, 0, `${text}\n${stderr}`)
}

/** What is wrong with the words of a page's commands: files of the checkout, commands, options and settings that there are not. */
export function wrongWords(page: Page): string[] {
  return page.commands.flatMap(({ commands }) =>
    commands.flatMap(({ text, line }) => {
      const files = text.matchAll(/(?<=^|\s)(?:docker|docs|scripts|bench|test|src)\/[\w./-]+/g)
      const missing = [...files].filter(([file]) => !existsSync(path.join(ROOT, file)))
      return [...missing.map(([file]) => `there is no ${file}`), ...objections(text)].map(
        (objection) => `${page.name}:${line}: ${objection}`,
      )
    }),
  )
}
