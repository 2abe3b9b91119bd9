import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#kit'
import { BlockedError, type GetAnswer, type GuardedGet } from '#net'
import { createVaultApp, type VaultSettings } from '#vault'
import { IconCache } from '../../../src/vault/icons/icon-cache.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { until } from '../../helpers/wait.ts'
import { startVault, type TestVault } from '../harness.ts'

const HOUR_MS = 3_600_000

/** What begins like a PNG, with something by which one is told from another. */
const png = (mark: string) =>
  Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(80), Buffer.from(mark)])
const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${' '.repeat(100)}<script>alert(1)</script></svg>`)

type Site = string | Buffer | { readonly url: string; readonly body: string } | Error | (() => Promise<Buffer>)

let vault: TestVault
before(async () => {
  vault = await startVault()
})
after(() => vault[Symbol.asyncDispose]())

interface IconsOptions {
  readonly icons?: Partial<VaultSettings['icons']>
  readonly outgoing?: VaultSettings['outgoing']
}

/** The vault with an empty cache of icons, and outgoing requests that end up at `sites`, by URL. */
async function startIcons(sites: Record<string, Site>, { icons, outgoing }: IconsOptions = {}) {
  const folder = await temporaryFolder()
  const cacheFolder = folder.join('icon_cache')
  const { settings } = vault.context
  const asked: string[] = []
  const guardedGet: GuardedGet = async ({ href }, { maxBytes }): Promise<GetAnswer> => {
    asked.push(href)
    const found = sites[href]
    const site = typeof found === 'function' ? await found() : found
    if (site === undefined) throw new Error('nothing there')
    if (site instanceof Error) throw site
    const { url, body } = typeof site === 'string' || Buffer.isBuffer(site) ? { url: href, body: site } : site
    const bytes = Buffer.from(body as string)
    return { status: 200, url: new URL(url), body: bytes.subarray(0, maxBytes), isCut: bytes.length > maxBytes }
  }
  const app = await createVaultApp({
    ...vault.context,
    settings: {
      ...settings,
      icons: { ...settings.icons, cacheFolder, ...icons },
      outgoing: outgoing ?? settings.outgoing,
    },
    guardedGet,
  })
  return {
    app,
    sites,
    cacheFolder,
    logged: vault.logged,
    advance: vault.advance,
    comeFrom: vault.comeFrom,
    /** What was asked of others since the last call. */
    takeAsked: () => asked.splice(0),
    get: async (host: string) => {
      const { statusCode: status, headers, rawPayload: bytes } = await app.inject(`/icons/${host}/icon.png`)
      return { status, headers, bytes }
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

const page = (...links: string[]) => `<!doctype html><html><head>${links.join('')}</head><body></body></html>`

test('the icon that a page names is found, kept and sent for other pages to show', async () => {
  await using served = await startIcons({
    'https://site.example/': page('<link rel="shortcut icon" href="/static/i.png">'),
    'https://site.example/static/i.png': png('icon'),
  })
  const { status, headers, bytes } = await served.get('site.example')
  assert.deepEqual([status, headers['content-type'], bytes], [200, 'image/png', png('icon')])
  assert.equal(headers['cache-control'], 'public, immutable, max-age=2592000')
  assert.equal(headers['cross-origin-resource-policy'], undefined)
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.deepEqual(served.takeAsked(), ['https://site.example/', 'https://site.example/static/i.png'])
  assert.deepEqual(await readdir(served.cacheFolder), ['site.example.png'])
  assert.deepEqual((await served.get('SITE.example')).bytes, png('icon'))
  assert.deepEqual(served.takeAsked(), [])
})

test('of many icons one with enough pixels and not needlessly many is taken', async () => {
  const links = [
    '<link rel="icon" href="/16.png" sizes="16x16">',
    '<link rel="icon" href="/svg" type="image/svg+xml">',
    '<link rel="mask-icon" href="/mask.png">',
    '<link rel="stylesheet" href="/style.css">',
    '<link rel="icon" href="/512.png" sizes="512x512">',
    '<LINK REL="apple-touch-icon" HREF="/apple.png">',
    '<link rel="icon" href="/wide.png" sizes="64x32">',
    '<link rel="icon" href="/64.png" sizes="16x16 64x64">',
  ]
  const order = ['64.png', 'apple.png', 'wide.png', '16.png', '512.png']
  await using served = await startIcons({
    'https://site.example/': page(...links),
    'https://site.example/512.png': png('x'),
  })
  assert.deepEqual((await served.get('site.example')).bytes, png('x'))
  assert.deepEqual(
    served.takeAsked().slice(1),
    order.map((name) => `https://site.example/${name}`),
  )
})

test('links count from where a redirect or the base of the page leads, and not in scripts or in the body', async () => {
  await using served = await startIcons({
    'https://site.example/': {
      url: 'https://www.site.example/home/',
      body: `<script>'<link rel=icon href=/script.png>'</script><!-- <link rel=icon href=/comment.png> -->
        <constructor><base href="${'é'.repeat(3000)}"><base href="../assets/"><base href=/other/><link rel=icon href=a.png></head><body><link rel=icon href=/body.png sizes=64x64>`,
    },
    'https://www.site.example/assets/a.png': png('a'),
  })
  assert.deepEqual((await served.get('site.example')).bytes, png('a'))
  assert.deepEqual(served.takeAsked(), ['https://site.example/', 'https://www.site.example/assets/a.png'])
})

test('without links, or without a page, the icon is where icons are by custom', async () => {
  await using served = await startIcons({
    'https://plain.example/': page(),
    'https://plain.example/favicon.ico': Buffer.from(`0000010001${'00'.repeat(80)}`, 'hex'),
    'https://nopage.example/apple-touch-icon.png': png('apple'),
  })
  const plain = await served.get('plain.example')
  assert.deepEqual([plain.headers['content-type'], plain.bytes.length], ['image/x-icon', 85])
  served.takeAsked()
  assert.deepEqual((await served.get('nopage.example')).bytes, png('apple'))
  assert.deepEqual(served.takeAsked().slice(0, 4), [
    'https://nopage.example/',
    'http://nopage.example/',
    'https://www.nopage.example/',
    'http://www.nopage.example/',
  ])
})

test('the site of a name with many labels may be at its last two', async () => {
  await using served = await startIcons({
    'http://site.example/': page('<link rel="icon" href="/i.png">'),
    'http://site.example/i.png': png('icon'),
  })
  assert.deepEqual((await served.get('login.eu.site.example')).bytes, png('icon'))
})

test('an icon in a data URL is taken', async () => {
  const href = `data:image/png;base64,${png('data').toString('base64')}`
  await using served = await startIcons({ 'https://site.example/': page(`<link rel="icon" href="${href}">`) })
  assert.deepEqual((await served.get('site.example')).bytes, png('data'))
})

for (const [what, body] of [
  ['a page', Buffer.from(`<!doctype html>${' '.repeat(100)}`)],
  ['an SVG image', svg],
  ['an SVG image with a declaration', Buffer.concat([Buffer.from('<?xml version="1.0"?>'), svg])],
  ['a few bytes', png('').subarray(0, 20)],
  ['more than 5 MB', Buffer.concat([png(''), Buffer.alloc(5 * 1024 * 1024)])],
] as const) {
  test(`${what} is no icon, whatever its name says`, async () => {
    await using served = await startIcons({
      'https://site.example/': page('<link rel="icon" type="image/png" href="/i.png">'),
      'https://site.example/i.png': body,
    })
    const { status, headers, bytes } = await served.get('site.example')
    assert.deepEqual([status, headers['content-type']], [200, 'image/png'])
    assert.deepEqual(bytes.subarray(0, 8).toString('hex'), '89504e470d0a1a0a')
    assert.equal(headers['cache-control'], 'public, immutable, max-age=259200')
    assert.deepEqual(await readdir(served.cacheFolder), ['site.example.png.miss'])
  })
}

test('that a site has no icon is remembered, for a while', async () => {
  await using served = await startIcons({})
  const fallback = (await served.get('none.example')).bytes
  assert.ok(served.takeAsked().length > 0)
  served.sites['https://none.example/favicon.ico'] = png('new')
  served.advance(71 * HOUR_MS)
  assert.deepEqual((await served.get('none.example')).bytes, fallback)
  assert.deepEqual(served.takeAsked(), [])
  served.advance(2 * HOUR_MS)
  assert.deepEqual((await served.get('none.example')).bytes, png('new'))
  assert.deepEqual(await readdir(served.cacheFolder), ['none.example.png'])
})

test('an icon is fetched anew after its time; when there is none any more the old one stays', async () => {
  await using served = await startIcons({ 'https://site.example/favicon.ico': png('old') })
  assert.deepEqual((await served.get('site.example')).bytes, png('old'))
  served.advance(29 * 24 * HOUR_MS)
  served.takeAsked()
  assert.deepEqual([(await served.get('site.example')).bytes, served.takeAsked()], [png('old'), []])
  served.advance(2 * 24 * HOUR_MS)
  served.sites['https://site.example/favicon.ico'] = new Error('gone')
  assert.deepEqual((await served.get('site.example')).bytes, png('old'))
  assert.ok(served.takeAsked().length > 0)
  assert.deepEqual([(await served.get('site.example')).bytes, served.takeAsked()], [png('old'), []])
  served.advance(4 * 24 * HOUR_MS)
  served.sites['https://site.example/favicon.ico'] = png('new')
  assert.deepEqual((await served.get('site.example')).bytes, png('new'))
})

test('what Vaultwarden has cached is used, but for its SVG images', async () => {
  await using served = await startIcons({})
  await mkdir(served.cacheFolder)
  const at = new Date(vault.context.clock.now())
  for (const [name, bytes] of [
    ['kept.example.png', png('kept')],
    ['svg.example.png', svg],
    ['miss.example.png.miss', ''],
  ] as const) {
    const file = path.join(served.cacheFolder, name)
    await writeFile(file, bytes)
    await utimes(file, at, at)
  }
  assert.deepEqual([(await served.get('kept.example')).bytes, served.takeAsked()], [png('kept'), []])
  await served.get('miss.example')
  assert.deepEqual(served.takeAsked(), [])
  const { headers, bytes } = await served.get('svg.example')
  assert.deepEqual([headers['content-type'], bytes.includes('svg')], ['image/png', false])
})

test('what is no host is neither asked nor written', async () => {
  await using served = await startIcons({})
  for (const host of [
    '..',
    '../../rsa_key',
    '..\\rsa_key',
    'a\0b',
    'a/b.example',
    'user@site.example',
    'site.example:8080',
    'site.example?x',
    'site.example#x',
    '%61.example',
    '[::1]',
    'site.example.',
    '.example',
    '-a.example',
    'a_b.example',
    'a b.example',
    'x'.repeat(64),
    `${'a.'.repeat(120)}example`,
  ]) {
    const { status, headers } = await served.get(encodeURIComponent(host))
    if (status === 200) assert.equal(headers['content-type'], 'image/png', host)
    else assert.equal(status, 404, host)
    assert.deepEqual([served.takeAsked(), existsSync(served.cacheFolder)], [[], false], host)
  }
})

test('a name that is not ASCII is asked for in Punycode', async () => {
  await using served = await startIcons({ 'https://xn--bcher-kva.example/favicon.ico': png('book') })
  assert.deepEqual((await served.get(encodeURIComponent('bücher.example'))).bytes, png('book'))
})

test('of a host that must not be asked nothing is written', async () => {
  await using served = await startIcons({ 'https://inside.example/': new BlockedError('inside') })
  const { status, headers } = await served.get('inside.example')
  assert.deepEqual([status, headers['content-type'], served.takeAsked().length], [200, 'image/png', 1])
  assert.equal(existsSync(served.cacheFolder), false)
})

test('a blocked host is not asked, nor looked for in the cache', async () => {
  const outgoing = { blockedHosts: /bad/, blocksNonGlobalAddresses: true, prefersIpv6: false }
  await using served = await startIcons({}, { outgoing })
  await mkdir(served.cacheFolder)
  await writeFile(path.join(served.cacheFolder, 'bad.example.png'), png('bad'))
  assert.equal((await served.get('bad.example')).bytes.includes('bad'), false)
  assert.deepEqual(served.takeAsked(), [])
})

test('many who ask for the icon of one site let it be asked once', async () => {
  await using served = await startIcons({ 'https://site.example/favicon.ico': png('icon') })
  const answers = await Promise.all(Array.from({ length: 50 }, () => served.get('site.example')))
  for (const { bytes } of answers) assert.deepEqual(bytes, png('icon'))
  assert.equal(served.takeAsked().filter((url) => url.endsWith('favicon.ico')).length, 1)
})

test('eight sites are asked at a time, and all of them in the end', async () => {
  let running = 0
  let most = 0
  const sites: Record<string, Site> = {}
  for (let i = 0; i < 40; i++) {
    sites[`https://s${i}.example/`] = page()
    sites[`https://s${i}.example/favicon.ico`] = async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return png(String(i))
    }
  }
  await using served = await startIcons(sites)
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => served.get(`s${i}.example`)))
  assert.deepEqual(
    answers.map(({ bytes }) => bytes),
    answers.map((_, i) => png(String(i))),
  )
  assert.equal(most, 8)
})

test('who names many sites that take long does not keep others waiting for all of them', async () => {
  const sites: Record<string, Site> = {
    'https://quick.example/': page(),
    'https://quick.example/favicon.ico': png('q'),
  }
  const ends: ((icon: Buffer) => void)[] = []
  for (let i = 0; i < 20; i++) {
    sites[`https://slow${i}.example/`] = page()
    sites[`https://slow${i}.example/favicon.ico`] = () => new Promise((resolve) => ends.push(resolve))
  }
  await using served = await startIcons(sites)
  served.comeFrom('198.51.100.1')
  const slow = Array.from({ length: 20 }, (_, i) => served.get(`slow${i}.example`))
  await until(() => ends.length === 8, 'eight sites that are asked')
  served.comeFrom('198.51.100.2')
  let isThere = false
  const quick = served.get('quick.example').finally(() => {
    isThere = true
  })
  let ended = 0
  for (; !isThere && ended < 12; ended++) {
    ends.shift()!(png('s'))
    await until(() => isThere || ends.length === 8, 'the next')
  }
  assert.deepEqual((await quick).bytes, png('q'))
  assert.ok(ended < 12, 'all others came first')
  const finish = setInterval(() => ends.splice(0).map((end) => end(png('s'))), 1)
  await Promise.all(slow)
  clearInterval(finish)
})

test('who names more sites than a vault holds is answered with what is there, and told to ask again soon', async () => {
  await using served = await startIcons({})
  const startedMs = performance.now()
  const answers = []
  for (let i = 0; i < 700; i += 20) {
    answers.push(...(await Promise.all(Array.from({ length: 20 }, (_, j) => served.get(`a${i + j}.example`)))))
  }
  const later = answers.filter(({ headers }) => headers['cache-control'] === 'public, immutable, max-age=60')
  const asked = new Set(served.takeAsked().map((url) => new URL(url).hostname.replace('www.', ''))).size
  assert.deepEqual([asked, answers.every(({ status }) => status === 200)], [700 - later.length, true])
  const mayBe = 500 + Math.ceil((performance.now() - startedMs) / 1000)
  assert.ok(asked >= 500 && asked <= mayBe, `${asked} sites were asked, and ${mayBe} may be`)

  served.comeFrom('198.51.100.7')
  await served.get('more.example')
  assert.ok(served.takeAsked().length > 0)
})

test('a site that takes long is answered with the fallback in time, and is there the next time', async () => {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  await using served = await startIcons(
    { 'https://slow.example/': page(), 'https://slow.example/favicon.ico': () => promise },
    { icons: { downloadTimeoutMs: 100 } },
  )
  const early = await served.get('slow.example')
  assert.deepEqual([early.headers['cache-control'], early.bytes.length < 300], ['public, immutable, max-age=60', true])
  const next = served.get('slow.example')
  resolve(png('slow'))
  assert.deepEqual((await next).bytes, png('slow'))
})

test('where icons are not to be fetched, those that are kept are sent', async () => {
  await using served = await startIcons({}, { icons: { downloads: false, negativeCacheSeconds: 0 } })
  await mkdir(served.cacheFolder)
  const file = path.join(served.cacheFolder, 'kept.example.png')
  await writeFile(file, png('kept'))
  await utimes(file, 0, 0)
  assert.deepEqual((await served.get('kept.example')).bytes, png('kept'))
  const { status, headers } = await served.get('other.example')
  assert.deepEqual([status, headers['cache-control']], [200, 'public, immutable, max-age=31536000'])
  assert.deepEqual(served.takeAsked(), [])
})

test('with an icon service clients are sent there, but not for what is no host or is blocked', async () => {
  await using served = await startIcons(
    {},
    {
      icons: { service: 'https://icons.example/{}?size=32', redirectCode: 307 },
      outgoing: { blockedHosts: /bad/, blocksNonGlobalAddresses: true, prefersIpv6: false },
    },
  )
  const { status, headers } = await served.get('Site.example')
  assert.deepEqual([status, headers.location], [307, 'https://icons.example/site.example?size=32'])
  assert.equal(headers['cache-control'], 'public, immutable, max-age=2592000')
  assert.equal(headers['cross-origin-resource-policy'], undefined)
  for (const host of ['bad.example', '..', 'a_b']) {
    const { status, headers } = await served.get(encodeURIComponent(host))
    assert.deepEqual([status, headers.location], [404, undefined])
  }
  assert.deepEqual(served.takeAsked(), [])
})

test('a cache that is full loses what was written longest ago', async () => {
  await using folder = await temporaryFolder()
  const options = {
    folder: folder.join('icons'),
    clock: systemClock,
    iconSeconds: 0,
    missSeconds: 0,
    maxBytes: 10 * 4096,
  }
  const cache = new IconCache(options)
  for (let i = 0; i < 10; i++) {
    await cache.save(`s${i}.example`, png(String(i)))
    await utimes(path.join(options.folder, `s${i}.example.png`), 1000 + i, 1000 + i)
  }
  assert.equal((await readdir(options.folder)).length, 10)
  // Another instance has counted nothing yet.
  await new IconCache(options).saveMiss('last.example')
  const kept = ['last.example.png.miss', ...[3, 4, 5, 6, 7, 8, 9].map((i) => `s${i}.example.png`)]
  assert.deepEqual(new Set(await readdir(options.folder)), new Set(kept))
  assert.deepEqual(await cache.read('s2.example'), { icon: undefined, isFresh: false })
  assert.deepEqual(await cache.read('s3.example'), { icon: png('3'), isFresh: true })
})

test('a cache that cannot be written is done without', async () => {
  await using served = await startIcons({ 'https://site.example/favicon.ico': png('icon') })
  await writeFile(served.cacheFolder, 'no folder')
  for (let round = 0; round < 2; round++) {
    assert.deepEqual((await served.get('site.example')).bytes, png('icon'))
    assert.ok(served.takeAsked().length > 0)
  }
  assert.ok(served.logged.some(({ event }) => event === 'icon cannot be kept'))
})

test('icons need no login, and are there by HEAD too', async () => {
  await using served = await startIcons({})
  const { statusCode, headers, rawPayload } = await served.app.inject({
    method: 'HEAD',
    url: '/icons/no_host/icon.png',
  })
  assert.deepEqual([statusCode, headers['content-type'], rawPayload.length], [200, 'image/png', 0])
})
