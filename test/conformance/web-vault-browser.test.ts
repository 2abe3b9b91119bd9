/** A built page in Chromium, served as a web vault with its policy. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { startTestServer } from '../helpers/server.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { until } from '../helpers/wait.ts'
import { launchChromium, skipWithoutChromium } from './chromium.ts'

const PAGE = `<!doctype html>
<title>loading</title>
<link rel="icon" href="images/icon.svg">
<link rel="stylesheet" href="app/style.css">
<script>globalThis.inlineRan = true</script>
<img src="images/icon.svg" alt="">
<script type="module" src="app/main.0123456789abcdef0123.js"></script>`

/** Compiles WebAssembly, as Argon2id does, asks this server and one that it may not ask. */
const SCRIPT = `
const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])
const config = await (await fetch('api/config')).json()
const image = document.querySelector('img')
await image.decode()
try { await fetch('https://stranger.invalid/') } catch {}
let evaluated = false
try { evaluated = (0, eval)('true') } catch {}
globalThis.found = {
  isModule: (await WebAssembly.compile(wasm)) instanceof WebAssembly.Module,
  server: config.server.name,
  evaluated,
  inlineRan: globalThis.inlineRan ?? false,
  color: getComputedStyle(document.body).color,
  imageWidth: image.naturalWidth,
}
document.title = 'ready'
`

let browser: Browser | undefined
before(async () => {
  if (!skipWithoutChromium) browser = await launchChromium()
})
after(() => browser?.close())

for (const path of ['', '/below']) {
  test(`a web vault runs at ${path || '/'}, and nothing else does on its page`, {
    skip: skipWithoutChromium,
  }, async () => {
    await using folder = await temporaryFolder()
    for (const name of ['app', 'images']) await mkdir(folder.join(name))
    await writeFile(folder.join('index.html'), PAGE)
    await writeFile(folder.join('app/main.0123456789abcdef0123.js'), SCRIPT)
    await writeFile(folder.join('app/style.css'), 'body { color: rgb(1, 2, 3) }')
    await writeFile(
      folder.join('images/icon.svg'),
      '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"><script>globalThis.svgRan = true</script></svg>',
    )
    await using server = await startTestServer({
      vault: { domain: `http://localhost${path}` },
      web: { webVaultFolder: folder.path },
    })
    const page = await browser!.newPage()
    await page.addInitScript(`
      globalThis.refused = []
      document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective))
    `)
    // Without its slash at the end, the path of DOMAIN leads there as well.
    await page.goto(server.webUrl + path)
    // Not by a function of the page: its policy lets no text become one.
    await until(async () => (await page.title()) === 'ready', 'the page to be ready', 20_000)
    assert.equal(new URL(page.url()).pathname, `${path}/`)
    assert.deepEqual(await page.evaluate('globalThis.found'), {
      isModule: true,
      server: 'Belfry',
      evaluated: false,
      inlineRan: false,
      color: 'rgb(1, 2, 3)',
      imageWidth: 7,
    })
    // The stranger, `eval`, and the script in the page; a page hears of it in turns of their own.
    const expected = ['connect-src', 'script-src', 'script-src-elem']
    await until(async () => (await page.evaluate('new Set(globalThis.refused).size')) === expected.length, 'refusals')
    assert.deepEqual(await page.evaluate('[...new Set(globalThis.refused)].sort()'), expected)

    await page.goto(`${server.webUrl}${path}/images/icon.svg`)
    assert.equal(await page.evaluate('globalThis.svgRan ?? false'), false)
    await page.close()
  })
}
