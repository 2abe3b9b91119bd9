import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadOptions } from '#config'
import { ConfigError } from '#kit'
import { Folder } from './folder.ts'

type Environment = Readonly<Record<string, string>>

interface Sources {
  readonly env?: Environment
  readonly json?: object
  readonly conf?: string
  readonly files?: Environment
}

function load({ env = {}, json, conf, files = {} }: Sources) {
  using folder = new Folder({
    ...files,
    ...(conf !== undefined && { 'belfry.conf': conf }),
    ...(json !== undefined && { 'data/config.json': JSON.stringify(json) }),
  })
  const { options, warnings } = loadOptions({ configFile: conf && 'belfry.conf', env, cwd: folder.path })
  return { vault: options.vault, warnings, folder: folder.path }
}

/** Without warnings, the value at `path` of the vault's options. */
function valueAt(path: string, sources: Sources): unknown {
  const { vault, warnings } = load(sources)
  assert.deepEqual(warnings, [])
  // biome-ignore lint/suspicious/noExplicitAny: a path that is wrong ends in undefined, and the test fails.
  return path.split('.').reduce((value: any, name) => value[name], vault)
}

function errorsOf(sources: Sources): string[] {
  try {
    load(sources)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message.split('\n')
  }
  return []
}

const MAIL = { SMTP_HOST: 'mail.example.com', SMTP_FROM: 'vault@example.com' }
const YUBICO = { YUBICO_CLIENT_ID: '12345', YUBICO_SECRET_KEY: 'c2VjcmV0' }

/** Variable, its text, the option, its value, what else must be set. */
const VARIABLES: readonly (readonly [variable: string, text: string, path: string, value: unknown, Environment?])[] = [
  ['SIGNUPS_VERIFY', 'true', 'signupsVerify', true, MAIL],
  ['SIGNUPS_VERIFY_RESEND_TIME', '60', 'signupsVerifyResend.seconds', 60],
  ['SIGNUPS_VERIFY_RESEND_LIMIT', '0', 'signupsVerifyResend.limit', 0],
  ['INVITATION_EXPIRATION_HOURS', '1', 'mailedTicketHours', 1],
  ['PASSWORD_HINTS_ALLOWED', 'false', 'passwordHintsAllowed', false],
  ['SHOW_PASSWORD_HINT', 'true', 'showsPasswordHint', true],
  ['EMAIL_CHANGE_ALLOWED', 'false', 'emailChangeAllowed', false],
  ['REQUIRE_DEVICE_EMAIL', 'true', 'requiresDeviceEmail', true, MAIL],
  ['CLIENT_SUPPRESS_ONBOARDING', 'true', 'suppressesOnboarding', true],
  ['EXPERIMENTAL_CLIENT_FEATURE_FLAGS', 'ssh-agent, mutual-tls,', 'featureFlags', ['ssh-agent', 'mutual-tls']],
  ['DISABLE_2FA_REMEMBER', 'true', 'twoFactor.remembersDevices', false],
  ['AUTHENTICATOR_DISABLE_TIME_DRIFT', 'true', 'twoFactor.allowsTimeDrift', false],
  ['INCOMPLETE_2FA_TIME_LIMIT', '0', 'twoFactor.incompleteAfterMinutes', 0],
  ['_ENABLE_EMAIL_2FA', 'false', 'twoFactor.email.isOn', false, MAIL],
  ['EMAIL_TOKEN_SIZE', '8', 'twoFactor.email.digits', 8],
  ['EMAIL_EXPIRATION_TIME', '300', 'twoFactor.email.expirationSeconds', 300],
  ['EMAIL_ATTEMPTS_LIMIT', '5', 'twoFactor.email.maxAttempts', 5],
  ['YUBICO_CLIENT_ID', '"7"', 'twoFactor.yubico.clientId', '7', YUBICO],
  ['YUBICO_SECRET_KEY', 'b3RoZXI=', 'twoFactor.yubico.secretKey', 'b3RoZXI=', YUBICO],
  [
    'YUBICO_SERVER',
    'https://yk.example.com/verify',
    'twoFactor.yubico.server',
    'https://yk.example.com/verify',
    YUBICO,
  ],
  ['_ENABLE_YUBICO', 'false', 'twoFactor.yubico', undefined, YUBICO],
  ['ATTACHMENTS_FOLDER', '/mnt/a', 'attachments.folder', '/mnt/a'],
  ['USER_ATTACHMENT_LIMIT', '100', 'attachments.maxBytesPerUser', 102_400],
  ['SENDS_ALLOWED', 'false', 'sends.isOn', false],
  ['SENDS_FOLDER', '/mnt/s', 'sends.folder', '/mnt/s'],
  ['USER_SEND_LIMIT', '0', 'sends.maxBytesPerUser', 0],
  ['ICON_SERVICE', 'bitwarden', 'icons.service', 'https://icons.bitwarden.net/{}/icon.png'],
  ['ICON_REDIRECT_CODE', '308', 'icons.redirectCode', 308],
  ['ICON_CACHE_FOLDER', '/mnt/i', 'icons.cacheFolder', '/mnt/i'],
  ['ICON_CACHE_TTL', '0', 'icons.cacheSeconds', 0],
  ['ICON_CACHE_NEGTTL', '7', 'icons.negativeCacheSeconds', 7],
  ['ICON_DOWNLOAD_TIMEOUT', '3', 'icons.downloadTimeoutMs', 3000],
  ['DISABLE_ICON_DOWNLOAD', 'true', 'icons.downloads', false],
  ['HTTP_REQUEST_BLOCK_NON_GLOBAL_IPS', 'false', 'outgoing.blocksNonGlobalAddresses', false],
  ['ICON_BLACKLIST_NON_GLOBAL_IPS', 'false', 'outgoing.blocksNonGlobalAddresses', false],
  ['DNS_PREFER_IPV6', 'true', 'outgoing.prefersIpv6', true],
  ['_ENABLE_SMTP', 'false', 'mail', undefined, MAIL],
  ['SMTP_HOST', 'other.example.com', 'mail.transport.host', 'other.example.com', MAIL],
  ['SMTP_FROM', 'me@example.org', 'mail.from', 'me@example.org', MAIL],
  ['SMTP_FROM_NAME', 'Our vault', 'mail.fromName', 'Our vault', MAIL],
  ['SMTP_SECURITY', 'force_tls', 'mail.transport.security', 'force_tls', MAIL],
  ['SMTP_PORT', '2525', 'mail.transport.port', 2525, MAIL],
  ['SMTP_USERNAME', 'me', 'mail.transport.username', 'me', { ...MAIL, SMTP_PASSWORD: 'p' }],
  ['SMTP_PASSWORD', 'p w', 'mail.transport.password', 'p w', { ...MAIL, SMTP_USERNAME: 'me' }],
  ['SMTP_AUTH_MECHANISM', "'Login', plain", 'mail.transport.authMechanisms', ['login', 'plain'], MAIL],
  ['SMTP_TIMEOUT', '30', 'mail.transport.timeoutMs', 30_000, MAIL],
  ['HELO_NAME', 'vault.example.com', 'mail.transport.heloName', 'vault.example.com', MAIL],
  ['SMTP_EMBED_IMAGES', 'false', 'mail.embedsImages', false, MAIL],
  ['SMTP_DEBUG', 'true', 'mail.transport.debug', true, MAIL],
  ['SMTP_ACCEPT_INVALID_CERTS', 'true', 'mail.transport.acceptsInvalidCertificates', true, MAIL],
  ['SMTP_ACCEPT_INVALID_HOSTNAMES', 'true', 'mail.transport.acceptsInvalidHostnames', true, MAIL],
  ['TEMPLATES_FOLDER', '/mnt/m', 'mail.templatesFolder', '/mnt/m', MAIL],
  ['RELOAD_TEMPLATES', 'true', 'mail.reloadsTemplates', true, MAIL],
  ['USE_SENDMAIL', 'true', 'mail.transport.kind', 'sendmail', { ...MAIL, SENDMAIL_COMMAND: process.execPath }],
  [
    'SENDMAIL_COMMAND',
    process.execPath,
    'mail.transport.command',
    process.execPath,
    { USE_SENDMAIL: 'true', SMTP_FROM: 'a@example.com' },
  ],
]

describe('each variable of Vaultwarden can be set', () => {
  for (const [variable, written, path, value, others = {}] of VARIABLES) {
    const text = written.replace(/^"(.*)"$/, '$1')
    const isWord = /^\d+$|^(?:true|false)$/.test(written)
    const key = variable.toLowerCase()

    test(`${variable} in the environment`, () => {
      assert.deepEqual(valueAt(path, { env: { ...others, [variable]: text } }), value)
    })

    test(`${variable}_FILE in the environment`, () => {
      const { [variable]: _, ...rest } = others
      const env = { ...rest, [`${variable}_FILE`]: 'value' }
      assert.deepEqual(valueAt(path, { env, files: { value: `${text}\n` } }), value)
    })

    test(`${key} in config.json`, () => {
      const { [variable]: _, ...env } = others
      assert.deepEqual(valueAt(path, { env, json: { [key]: isWord ? JSON.parse(written) : text } }), value)
    })

    test(`${key} in the config file`, () => {
      const conf = `vault { ${key.replace(/^_/, '')}: ${isWord ? written : JSON.stringify(text)} }`
      assert.deepEqual(valueAt(path, { env: others, conf }), value)
    })
  }

  test('TZ in the environment and in the config file, but not in config.json, which Vaultwarden does not ask', () => {
    assert.equal(valueAt('mail.timeZone', { env: { ...MAIL, TZ: 'Europe/Berlin' } }), 'Europe/Berlin')
    assert.equal(valueAt('mail.timeZone', { env: MAIL, conf: 'vault { time_zone: "Asia/Tokyo" }' }), 'Asia/Tokyo')
    assert.equal(valueAt('mail.timeZone', { env: MAIL, json: { tz: 'Asia/Tokyo' } }), undefined)
    const { vault, warnings } = load({ env: { ...MAIL, TZ: ':/etc/localtime' } })
    assert.equal(vault.mail?.timeZone, undefined)
    assert.deepEqual(warnings, ['TZ is ":/etc/localtime", which is no name of a time zone: times in mails are UTC'])
  })
})

describe('mail', () => {
  test('is off without a server', () => {
    assert.equal(valueAt('mail', {}), undefined)
    assert.equal(valueAt('twoFactor.email.isOn', {}), false)
  })

  test('is on with a server and a sender, and so are codes by mail', () => {
    const { vault, folder } = load({ env: MAIL })
    assert.equal(vault.twoFactor.email.isOn, true)
    assert.deepEqual(vault.mail, {
      transport: {
        kind: 'smtp',
        host: 'mail.example.com',
        port: 587,
        security: 'starttls',
        username: undefined,
        password: undefined,
        authMechanisms: [],
        timeoutMs: 15_000,
        heloName: undefined,
        debug: false,
        acceptsInvalidCertificates: false,
        acceptsInvalidHostnames: false,
      },
      from: 'vault@example.com',
      fromName: 'Belfry',
      templatesFolder: `${folder}/data/templates`,
      reloadsTemplates: false,
      embedsImages: true,
      timeZone: undefined,
    })
  })

  for (const [security, port] of [
    ['starttls', 587],
    ['force_tls', 465],
    ['off', 25],
  ] as const) {
    test(`leaves by port ${port} with ${security}`, () => {
      assert.equal(valueAt('mail.transport.port', { env: { ...MAIL, SMTP_SECURITY: security } }), port)
    })
  }

  for (const [ssl, explicitTls, security] of [
    ['true', undefined, 'starttls'],
    ['false', undefined, 'off'],
    [undefined, 'true', 'force_tls'],
    [undefined, 'false', 'starttls'],
    ['true', 'true', 'force_tls'],
    ['false', 'true', 'force_tls'],
  ] as const) {
    test(`is ${security} with the old names SMTP_SSL=${ssl} and SMTP_EXPLICIT_TLS=${explicitTls}`, () => {
      const env = { ...MAIL, SMTP_SSL: ssl ?? '', SMTP_EXPLICIT_TLS: explicitTls ?? '' }
      const { vault, warnings } = load({ env })
      assert.ok(vault.mail?.transport.kind === 'smtp')
      assert.equal(vault.mail.transport.security, security)
      assert.deepEqual(warnings, ['SMTP_SSL and SMTP_EXPLICIT_TLS are old names: set SMTP_SECURITY instead'])
      const { vault: other } = load({ env: { ...env, SMTP_SECURITY: 'starttls' } })
      assert.ok(other.mail?.transport.kind === 'smtp' && other.mail.transport.security === 'starttls')
    })
  }

  test('can be handed to a program, which is looked for in PATH', () => {
    using folder = new Folder({ 'bin/sendmail': '' })
    const env = { USE_SENDMAIL: 'true', SMTP_FROM: 'a@example.com', PATH: `/nowhere:${folder.path}/bin` }
    const failure = 'SENDMAIL_COMMAND: there is no program "sendmail"'
    assert.throws(() => loadOptions({ env, cwd: folder.path }), new ConfigError(failure))
    chmodSync(join(folder.path, 'bin/sendmail'), 0o755)
    const { transport } = loadOptions({ env, cwd: folder.path }).options.vault.mail!
    assert.deepEqual(transport, { kind: 'sendmail', command: join(folder.path, 'bin/sendmail') })
  })

  test('that protects nothing, because there is none, is told of', () => {
    assert.deepEqual(load({ env: { SIGNUPS_VERIFY: 'true', REQUIRE_DEVICE_EMAIL: 'true' } }).warnings, [
      'SIGNUPS_VERIFY is true, but no mail can be sent: it has no effect',
      'REQUIRE_DEVICE_EMAIL is true, but no mail can be sent: it has no effect',
    ])
  })

  test('passes over ways to log in that are unknown', () => {
    const { vault, warnings } = load({ env: { ...MAIL, SMTP_AUTH_MECHANISM: 'CRAM-MD5,plain' } })
    assert.ok(vault.mail?.transport.kind === 'smtp')
    assert.deepEqual(vault.mail.transport.authMechanisms, ['plain'])
    assert.deepEqual(warnings, ['SMTP_AUTH_MECHANISM: "cram-md5" is unknown, and has no effect'])
  })
})

describe('icons and other requests', () => {
  for (const [service, url] of [
    ['internal', 'internal'],
    ['duckduckgo', 'https://icons.duckduckgo.com/ip3/{}.ico'],
    ['google', 'https://www.google.com/s2/favicons?domain={}&sz=32'],
    ['http://icons.example.com/{}', 'http://icons.example.com/{}'],
  ] as const) {
    test(`come from ${service}`, () => assert.equal(valueAt('icons.service', { env: { ICON_SERVICE: service } }), url))
  }

  test('the pattern of hosts that are never asked has an old name as well, and the new one counts', () => {
    const blocks = (env: Environment, host: string) => load({ env }).vault.outgoing.blockedHosts?.test(host)
    assert.equal(blocks({ HTTP_REQUEST_BLOCK_REGEX: '^a\\.org$' }, 'a.org'), true)
    assert.equal(blocks({ ICON_BLACKLIST_REGEX: '^a\\.org$' }, 'a.org'), true)
    assert.equal(blocks({ ICON_BLACKLIST_REGEX: '^a\\.org$', HTTP_REQUEST_BLOCK_REGEX: '^b$' }, 'a.org'), false)
    assert.equal(blocks({}, 'a.org'), undefined)
  })

  test('the new name of the rule about private networks counts', () => {
    const env = { ICON_BLACKLIST_NON_GLOBAL_IPS: 'false', HTTP_REQUEST_BLOCK_NON_GLOBAL_IPS: 'true' }
    assert.equal(valueAt('outgoing.blocksNonGlobalAddresses', { env }), true)
  })
})

test('flags that clients shall not get are dropped with a warning', () => {
  const { vault, warnings } = load({ env: { EXPERIMENTAL_CLIENT_FEATURE_FLAGS: 'ssh-agent,pm-1-new,ssh-agent' } })
  assert.deepEqual(vault.featureFlags, ['ssh-agent'])
  assert.deepEqual(warnings, ['EXPERIMENTAL_CLIENT_FEATURE_FLAGS: "pm-1-new" is unknown, and has no effect'])
})

test('a limit of files that no number of bytes can hold is none that anybody reaches', () => {
  const env = { USER_ATTACHMENT_LIMIT: String(Number.MAX_SAFE_INTEGER) }
  assert.equal(valueAt('attachments.maxBytesPerUser', { env }), Number.MAX_SAFE_INTEGER)
})

describe('what does not go together ends the start:', () => {
  for (const [env, error] of [
    [{ SMTP_HOST: 'h' }, 'SMTP_HOST and SMTP_FROM must be set together'],
    [{ SMTP_FROM: 'a@example.com' }, 'SMTP_HOST and SMTP_FROM must be set together'],
    [{ ...MAIL, SMTP_USERNAME: 'u' }, 'SMTP_USERNAME and SMTP_PASSWORD must be set together'],
    [{ ...MAIL, SMTP_PASSWORD: 'secret' }, 'SMTP_USERNAME and SMTP_PASSWORD must be set together'],
    [{ USE_SENDMAIL: 'true' }, 'SMTP_FROM must be set when USE_SENDMAIL is true'],
    [
      { USE_SENDMAIL: 'true', SMTP_FROM: 'a@example.com', SENDMAIL_COMMAND: '/no/such' },
      'SENDMAIL_COMMAND: there is no program "/no/such"',
    ],
    [{ ...MAIL, SMTP_SECURITY: 'ssl' }, 'SMTP_SECURITY must be starttls, force_tls or off, not "ssl"'],
    [{ ...MAIL, SMTP_PORT: '0' }, 'SMTP_PORT must be a whole number from 1 to 65535, not 0'],
    [{ SMTP_HOST: 'h', SMTP_FROM: 'a' }, 'SMTP_FROM must be an e-mail address, not "a"'],
    [{ ...MAIL, SMTP_FROM_NAME: 'a\nBcc: b' }, 'SMTP_FROM_NAME must be one line of text, not "a\\nBcc: b"'],
    [{ _ENABLE_EMAIL_2FA: 'true' }, '_ENABLE_EMAIL_2FA is true, but no mail can be sent: set SMTP_HOST'],
    [{ EMAIL_TOKEN_SIZE: '5' }, 'EMAIL_TOKEN_SIZE must be a whole number from 6 to 255, not 5'],
    [{ YUBICO_CLIENT_ID: '1' }, 'YUBICO_CLIENT_ID and YUBICO_SECRET_KEY must be set together'],
    [{ YUBICO_SECRET_KEY: 'secret' }, 'YUBICO_CLIENT_ID and YUBICO_SECRET_KEY must be set together'],
    [{ ...YUBICO, YUBICO_SECRET_KEY: 'no key!' }, 'YUBICO_SECRET_KEY must be in Base64'],
    [
      { ...YUBICO, YUBICO_SERVER: 'http://a.org' },
      'YUBICO_SERVER must be a URL that begins with https://, not "http://a.org"',
    ],
    [
      { INVITATION_EXPIRATION_HOURS: '0' },
      'INVITATION_EXPIRATION_HOURS must be a whole number from 1 to 876000, not 0',
    ],
    [{ ICON_REDIRECT_CODE: '303' }, 'ICON_REDIRECT_CODE must be 301, 302, 307 or 308, not 303'],
    [
      { ICON_SERVICE: 'ftp://a.org/{}' },
      'ICON_SERVICE must be internal, bitwarden, duckduckgo, google or a URL, not "ftp://a.org/{}"',
    ],
    [
      { ICON_SERVICE: 'constructor' },
      'ICON_SERVICE must be internal, bitwarden, duckduckgo, google or a URL, not "constructor"',
    ],
    [
      { ICON_SERVICE: 'https://a.org/{}/{}' },
      'ICON_SERVICE must be a URL with one {} for the domain, not "https://a.org/{}/{}"',
    ],
    [{ ICON_SERVICE: 'https://a.org' }, 'ICON_SERVICE must be a URL with one {} for the domain, not "https://a.org"'],
    [
      { ALLOWED_IFRAME_ANCESTORS: "https://a.org; script-src 'unsafe-inline'" },
      'ALLOWED_IFRAME_ANCESTORS must be a list of origins with spaces between, such as "https://example.com", not "https://a.org; script-src \'unsafe-inline\'"',
    ],
    [
      { ALLOWED_CONNECT_SRC: 'https://a.org http://b.org' },
      'ALLOWED_CONNECT_SRC must be a list of URLs that begin with https://, with spaces between, not "https://a.org http://b.org"',
    ],
    [
      { ALLOWED_CONNECT_SRC: 'https://a.org,https://b.org' },
      'ALLOWED_CONNECT_SRC must be a list of URLs that begin with https://, with spaces between, not "https://a.org,https://b.org"',
    ],
    [{ USER_SEND_LIMIT: '-1' }, 'USER_SEND_LIMIT must be a whole number from 0 to 9007199254740991, not -1'],
    [{ SENDS_FOLDER: 's3://bucket' }, 'SENDS_FOLDER must be a path on this machine, not "s3://bucket"'],
    [
      { HTTP_REQUEST_BLOCK_REGEX: '(a' },
      'HTTP_REQUEST_BLOCK_REGEX is no regular expression that hosts can be compared with: error parsing regexp: missing closing ): `(a`',
    ],
  ] as const) {
    test(error, () => assert.deepEqual(errorsOf({ env }), [error]))
  }

  test('not what belongs to mail that is switched off', () => {
    assert.deepEqual(errorsOf({ env: { _ENABLE_SMTP: 'false', SMTP_HOST: 'h', SMTP_USERNAME: 'u' } }), [])
    assert.deepEqual(errorsOf({ env: { _ENABLE_YUBICO: 'false', YUBICO_CLIENT_ID: '1' } }), [])
  })
})
