import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium } from 'playwright-core'
import { requireProgram } from '../helpers/programs.ts'

const START_MS = 60_000

const { path: executablePath, skip } = requireProgram('chromium')

/** For `describe(name, { skip })`. */
export const skipWithoutChromium = skip

/** `keepsPages`: those that were left are shown again as they were when one goes back, as in browsers of people. */
export function launchChromium({ keepsPages = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath,
    ...(keepsPages && { ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
    timeout: START_MS,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export interface PageServer extends AsyncDisposable {
  readonly origin: string
}

/** One page, and the library that it loads from `/library.js`. Of two, the pages have different origins, by the port. */
export async function servePage(page: string, libraryFile: URL): Promise<PageServer> {
  const library = await readFile(libraryFile)
  const server = createServer((request, response) => {
    const isLibrary = request.url === '/library.js'
    response.setHeader('Content-Type', isLibrary ? 'text/javascript' : 'text/html')
    response.end(isLibrary ? library : page)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
