/** What `belfry proxy` makes of settings and flags; that what it prints works is in test/proxies/. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { parse as parseYaml } from 'yaml'
import { runProgram } from '../helpers/processes.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { printed } from '../proxies/site.ts'

const DOMAIN = 'https://vault.example.com'

/** What is printed with a configuration file. */
async function withFile(config: string, ...args: string[]): Promise<string> {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('nats.conf'), config)
  return await printed([...args, '-c', 'nats.conf'], { cwd: folder.path })
}

test('the command itself prints it, and says on stderr what is wrong', async () => {
  await using folder = await temporaryFolder()
  const belfry = path.resolve(import.meta.dirname, '../../bin/belfry')
  const run = (...args: string[]) => runProgram({ command: belfry, args: ['proxy', ...args], cwd: folder.path })
  const [good, bad] = await Promise.all([run('nginx', '--domain', DOMAIN), run('nginx', '--domain', `${DOMAIN}/a;b`)])
  assert.equal(good.code, 0, good.stderr)
  assert.equal(good.stdout, await printed(['nginx', '--domain', DOMAIN]))
  assert.equal(bad.code, 1)
  assert.match(bad.stderr, /^belfry: vault.domain must have a path of letters .* only, not "\/a;b"/)
})

describe('from the settings', () => {
  test('the environment: address, path, port, TLS and the legacy layout', async () => {
    const env = {
      DOMAIN: `${DOMAIN}:8443/vault/`,
      ROCKET_ADDRESS: '0.0.0.0',
      ROCKET_PORT: '8010',
      ROCKET_TLS: '{certs="cert.pem",key="key.pem"}',
      WEBSOCKET_ENABLED: 'true',
      WEBSOCKET_PORT: '3013',
    }
    const config = await printed(['nginx'], { env })
    for (const line of [
      'listen 8443 ssl;',
      'server_name vault.example.com;',
      `return 308 ${DOMAIN}:8443$request_uri;`,
      'location /vault/ { proxy_pass https://127.0.0.1:8010; }',
      'location = /vault/notifications/hub { proxy_pass http://127.0.0.1:3013;',
      'proxy_ssl_verify off;',
      'ssl_certificate /etc/letsencrypt/live/vault.example.com/fullchain.pem;',
      `#   DOMAIN=${DOMAIN}:8443/vault`,
      '#   WEBSOCKET_ENABLED=true',
    ]) {
      assert.ok(config.includes(line), `${line}\n${config}`)
    }
    assert.doesNotMatch(await printed(['nginx', '--no-old-hub'], { env }), /3013/)
  })

  test('the file: each websocket {} block has a path, its own or one by its port', async () => {
    const blocks = `vault { domain: "${DOMAIN}/vault" }
      websocket: [
        { listen: "127.0.0.1:8080", no_tls: true }
        { listen: "0.0.0.0:8081", no_tls: true, path: "/stream", ping_interval: "1h" }
      ]`
    const config = await withFile(blocks, 'nginx')
    assert.match(config, /location \/vault\/nats-8080\/ \{ proxy_pass http:\/\/127\.0\.0\.1:8080; \}/)
    assert.match(config, /location = \/stream \{ proxy_pass http:\/\/127\.0\.0\.1:8081; \}/)
    // Twice the longest time between pings.
    assert.match(config, /proxy_read_timeout 7200s;/)
    const moved = await withFile(blocks, 'nginx', '--websocket', '8444')
    assert.match(moved, /listen 8444 ssl;/)
    assert.doesNotMatch(moved, /nats-8080|8081/)
  })

  test('NATS over TCP goes where the listener is, in a file of its own for nginx', async () => {
    const file = `vault { domain: "${DOMAIN}" }\nlisten: "10.0.0.5:4333"\n`
    const nginx = await withFile(file, 'nginx', '--nats-tcp', '4222', '--proxy-protocol', 'v1')
    assert.match(nginx, /listen 4222;\n {4}listen \[::\]:4222;\n {4}proxy_pass 10\.0\.0\.5:4333;/)
    assert.doesNotMatch(nginx, /server_name/)
    const haproxy = await withFile(file, 'haproxy', '--nats-tcp', '4222', '--proxy-protocol', 'v2')
    assert.match(haproxy, /server belfry 10\.0\.0\.5:4333 send-proxy-v2/)
    assert.match(haproxy, /bind :443,:::443 v6only ssl crt \/etc\/haproxy\/certs\/vault\.example\.com\.pem/)
    assert.match(haproxy, /# {3}trusted_proxies: \["<address of this proxy>"\]/)
  })
})

test('Caddy makes its own certificate and redirection where all is as usual', async () => {
  const usual = await printed(['caddy', '--domain', DOMAIN])
  assert.match(usual, /^https:\/\/vault\.example\.com \{\n\thandle/m)
  assert.doesNotMatch(usual, /disable_redirects|^http:|\ttls /m)
  const own = await printed([
    'caddy',
    '--domain',
    DOMAIN,
    '--redirect',
    'off',
    '--certificate',
    '/a.pem',
    '--key',
    '/b.pem',
  ])
  assert.match(own, /auto_https disable_redirects/)
  assert.match(own, /\ttls \/a\.pem \/b\.pem\n/)
})

test('each websocket {} block is told the address by which it knows the proxy', async () => {
  const blocks = ['/a=127.0.0.1:8080', '/b=10.0.0.5:8081', '8444=127.0.0.1:8082'].flatMap((place) => [
    '--websocket',
    place,
  ])
  const config = await printed(['haproxy', '--domain', DOMAIN, ...blocks])
  assert.match(config, /block of port 8080 and of port 8082:\n# {3}trusted_proxies: \["127\.0\.0\.1"\]\n/)
  assert.match(config, /block of port 8081:\n# {3}trusted_proxies: \["<address of this proxy>"\]\n/)
})

test('a listener on this machine is in the way of a proxy on this machine alone', async () => {
  const config = await printed(['nginx', '--domain', `${DOMAIN}:8443`, '--upstream', '10.0.0.5:8000'])
  assert.match(config, /listen 8443 ssl;/)
})

test("Apache listens once at the ports that Debian's ports.conf has, whichever address a site is for", async () => {
  const places = ['--listen', '192.0.2.1:443', '--redirect', '192.0.2.1:80', '--websocket', '8444=10.0.0.5:8080']
  const config = await printed(['apache', '--domain', DOMAIN, ...places])
  assert.deepEqual(config.match(/^Listen .*/gm), ['Listen 8444'])
  assert.match(config, /<VirtualHost 192\.0\.2\.1:443>/)
})

describe('Traefik', () => {
  const args = [
    ...['traefik', '--domain', `${DOMAIN}/vault`, '--old-hub', '--websocket', '/stream=10.0.0.5:8080'],
    ...['--websocket', '8444=10.0.0.5:8080', '--nats-tcp', '4222=10.0.0.5:4222', '--proxy-protocol', 'v2'],
  ]

  test('its file: routers, services, certificates and TCP', async () => {
    const config = parseYaml(await printed([...args, '--certificate', '/a.pem', '--key', '/b.pem']))
    const { routers, services } = config.http
    assert.deepEqual(Object.keys(routers), ['belfry', 'belfry-hub', 'websocket-path1', 'websocket-port1'])
    assert.deepEqual(routers.belfry, {
      rule: 'Host(`vault.example.com`) && (Path(`/vault`) || PathPrefix(`/vault/`))',
      entryPoints: ['websecure'],
      service: 'belfry',
      tls: {},
    })
    // Traefik sorts by the length of rules, and this one is shorter.
    assert.ok(routers['belfry-hub'].priority > routers.belfry.rule.length)
    assert.deepEqual(services['belfry-hub'], { loadBalancer: { servers: [{ url: 'http://127.0.0.1:3012' }] } })
    for (const { service } of Object.values<{ service: string }>(routers)) assert.ok(service in services, service)
    assert.deepEqual(config.tls, { certificates: [{ certFile: '/a.pem', keyFile: '/b.pem' }] })
    const { servers, serversTransport } = config.tcp.services.nats.loadBalancer
    assert.deepEqual(servers, [{ address: '10.0.0.5:4222' }])
    assert.deepEqual(config.tcp.serversTransports[serversTransport], { proxyProtocol: { version: 2 } })
  })

  test('what its comment wants of the static configuration has every entry point and resolver', async () => {
    const text = await printed(args)
    const wanted = parseYaml(
      [...text.matchAll(/^# {3}(.*)/gm)]
        .map(([, line]) => line)
        .filter((line) => !/^systemctl|=|^ *(?:proxy_protocol|trusted)/.test(line ?? ''))
        .join('\n'),
    )
    const config = parseYaml(text)
    assert.deepEqual(Object.keys(wanted.entryPoints), ['web', 'websecure', 'websocket1', 'nats'])
    for (const { entryPoints, tls } of Object.values<{ entryPoints: string[]; tls: { certResolver: string } }>(
      config.http.routers,
    )) {
      for (const name of entryPoints) assert.ok(name in wanted.entryPoints, name)
      assert.ok(tls.certResolver in wanted.certificatesResolvers)
    }
  })
})

describe('is refused with a word on what to do', () => {
  const REFUSED: readonly (readonly [args: readonly string[], reason: RegExp])[] = [
    [['nginx'], /set DOMAIN, or say --domain/],
    [['nginx', '--domain', 'http://vault.example.com'], /no https:\/\/ address/],
    [['nginx', '--domain', 'vault.example.com'], /must be a URL with its protocol/],
    [['lighttpd', '--domain', DOMAIN], /Allowed choices are nginx, apache, caddy, haproxy, traefik/],
    [['nginx', '--domain', `${DOMAIN}/a b`], /must have a path of letters/],
    [['nginx', '--domain', `${DOMAIN}/a;b`], /must have a path of letters/],
    [['nginx', '--domain', 'https://vault";}.example.com'], /no host name that goes into/],
    [['nginx', '--domain', 'https://$host'], /no host name that goes into/],
    [['nginx', '--domain', DOMAIN, '--upstream', '127.0.0.1'], /--upstream is host:port/],
    [['nginx', '--domain', DOMAIN, '--upstream', '127.0.0.1:80;\nlocation / {}'], /--upstream is host:port/],
    [['nginx', '--domain', DOMAIN, '--certificate', '/a.pem'], /go together/],
    [['nginx', '--domain', DOMAIN, '--certificate', '/a".pem', '--key', '/b'], /file name "\/a\\"\.pem" does not go/],
    [['caddy', '--domain', DOMAIN, '--certificate', '/a.pem', '--key', '/b{c}'], /file name "\/b\{c\}" does not go/],
    [['apache', '--domain', DOMAIN, '--certificate', '/a.pem', '--key', '/b\nc'], /file name "\/b\\nc" does not go/],
    [['haproxy', '--domain', DOMAIN, '--certificate', '/a.pem', '--key', '/b'], /HAProxy has no --key/],
    [['nginx', '--domain', DOMAIN, '--listen', 'somewhere'], /--listen is a port such as 443/],
    [['nginx', '--domain', DOMAIN, '--listen', '80'], /listen on port 80 twice/],
    [['nginx', '--domain', DOMAIN, '--listen', '8000'], /port 8000, which Belfry has/],
    [['nginx', '--domain', DOMAIN, '--websocket', '/ws'], /there is no websocket \{\} block for it/],
    [['nginx', '--domain', DOMAIN, '--websocket', '/nats=127.0.0.1:1'], /"\/nats" is taken/],
    [['nginx', '--domain', DOMAIN, '--websocket', '/=127.0.0.1:1'], /"\/" is taken/],
    [['apache', '--domain', DOMAIN, '--nats-tcp', '4223'], /Apache httpd passes no TCP on/],
    [['caddy', '--domain', DOMAIN, '--nats-tcp', '4223'], /only with a plugin/],
    [['nginx', '--domain', DOMAIN, '--nats-tcp', '4223', '--proxy-protocol', 'v2'], /nginx writes version 1/],
    [['haproxy', '--domain', DOMAIN, '--nats-tcp', '4223', '--proxy-protocol', 'v3'], /is v1 or v2/],
    [['haproxy', '--domain', DOMAIN, '--proxy-protocol', 'v1'], /add --nats-tcp/],
    [['haproxy', '--domain', DOMAIN, '--nats-tcp', '4222'], /port 4222, which Belfry has \(127\.0\.0\.1:4222\)/],
    [['nginx', '--domain', `${DOMAIN}:8443`], /port 8443, which Belfry has \(127\.0\.0\.1:8443\)/],
    [['nginx', '--domain', DOMAIN, '--old-hub', '--listen', '3012'], /port 3012, which Belfry has/],
    [
      ['nginx', '--domain', DOMAIN, '--listen', '8080', '--websocket', '/a=127.0.0.1:8080'],
      /port 8080, which Belfry has/,
    ],
    [['caddy', '--domain', DOMAIN, '--redirect', '127.0.0.1:443'], /listen on port 443 twice/],
    [['nginx', '--domain', DOMAIN, '--listen', '[fe80::1%eth0]:443'], /--listen is a port such as 443/],
    [['nginx', '--domain', DOMAIN, '--upstream', '[fe80::1%eth0]:8000'], /no host name that goes into/],
    [['nginx', '--domain', DOMAIN, '--websocket', '/notifications/hub=10.0.0.5:1'], /"\/notifications\/hub" is taken/],
    [['nginx', '--domain', `${DOMAIN}/v`, '--websocket', '/v/api=10.0.0.5:1'], /"\/v\/api" is taken/],
    [['nginx', '--domain', DOMAIN, '--websocket', '/a/../b=10.0.0.5:1'], /does not go into a proxy's configuration/],
  ]
  for (const [args, reason] of REFUSED) {
    test(JSON.stringify(args.join(' ')), async () => {
      await assert.rejects(printed(args), (error: Error) => reason.test(error.message) || assert.fail(error.message))
    })
  }

  test('a websocket {} block that waits for the PROXY protocol, and a path that it does not serve', async () => {
    const block = (more: string) => `vault { domain: "${DOMAIN}" }\nwebsocket { port: 8080, no_tls: true, ${more} }\n`
    await assert.rejects(
      withFile(block('proxy_protocol: true, trusted_proxies: local'), 'haproxy'),
      /proxies do not write in front of HTTP/,
    )
    await assert.rejects(withFile(block('path: "/a"'), 'nginx', '--websocket', '/b'), /serves "\/a" alone/)
    await assert.rejects(withFile(`port: -1\n${block('')}`, 'haproxy', '--nats-tcp', '4223'), /cannot know a port/)
  })
})
