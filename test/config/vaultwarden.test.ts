import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadOptions, type Overrides } from '#config'
import { ConfigError } from '#kit'
import { allSettings } from '../../src/config/settings/schema.ts'
import { PROTECTIONS } from '../../src/config/vaultwarden/protections.ts'
import { UNSUPPORTED } from '../../src/config/vaultwarden/unsupported.ts'
import { Folder } from './folder.ts'

type Environment = Record<string, string>

/** Loads with `config` as the config.json of the data folder, a text as it is. */
function load(config: unknown, env: Environment = {}, conf = '', overrides: Overrides = {}) {
  const text = typeof config === 'string' ? config : JSON.stringify(config)
  using folder = new Folder({ ...(config !== undefined && { 'data/config.json': text }), 'belfry.conf': conf })
  const configFile = conf === '' ? undefined : 'belfry.conf'
  const { options, warnings } = loadOptions({ configFile, env, cwd: folder.path, overrides })
  return { options, warnings: warnings.map((line) => line.replaceAll(folder.path, '/srv')) }
}

function errorsOf(config: unknown, env: Environment = {}): string[] {
  try {
    load(config, env)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message.replaceAll(/\/[^ ]*\/belfry-config-\w+/g, '/srv').split('\n')
  }
  return []
}

describe('config.json', () => {
  test('is read from the data folder, by the lower-case names of the variables', () => {
    const { options, warnings } = load({
      domain: 'https://vault.example.org',
      signups_allowed: false,
      signups_domains_whitelist: 'A.org, b.org',
      invitations_allowed: 'no',
      password_iterations: 700_000,
      login_ratelimit_seconds: '5',
      increase_note_size_limit: true,
      enable_websocket: false,
      ip_header: 'none',
      ip_header_trusted_proxies: '10.0.0.0/8',
      log_level: 'debug',
    })
    const { vault, web, log } = options
    assert.deepEqual(warnings, [])
    assert.equal(vault.domain, 'https://vault.example.org')
    assert.deepEqual([vault.signupsAllowed, vault.invitationsAllowed], [false, false])
    assert.deepEqual(vault.signupsDomainsWhitelist, ['a.org', 'b.org'])
    assert.deepEqual([vault.passwordIterations, vault.loginRateLimit.seconds], [700_000, 5])
    assert.equal(vault.maxNoteCharacters, 100_000)
    assert.deepEqual([web.servesHub, web.ipHeader], [false, undefined])
    assert.deepEqual(web.trustedProxies, ['10.0.0.0/8'])
    assert.equal(log.level, 'debug')
  })

  test('beats the environment, which is told, but neither the config file nor the command line', () => {
    const config = { signups_allowed: false, invitations_allowed: false, log_level: 'error', domain: 'https://json' }
    const env = { SIGNUPS_ALLOWED: 'true', DOMAIN: 'https://env', IP_HEADER: 'X-Client' }
    const { options, warnings } = load(config, env, 'vault { invitations_allowed: true }', { log: { level: 'warn' } })
    assert.deepEqual([options.vault.signupsAllowed, options.vault.domain], [false, 'https://json'])
    assert.deepEqual([options.vault.invitationsAllowed, options.log.level], [true, 'warn'])
    assert.equal(options.web.ipHeader, 'X-Client')
    assert.deepEqual(warnings, ['/srv/data/config.json overrides these environment variables: DOMAIN, SIGNUPS_ALLOWED'])
  })

  test('sets nothing with null or an empty text, except that an empty ip_header turns the header off', () => {
    const config = { domain: null, signups_allowed: null, signups_domains_whitelist: '', ip_header: '' }
    const { options, warnings } = load(config, { SIGNUPS_ALLOWED: 'no', SIGNUPS_DOMAINS_WHITELIST: 'a.org' })
    assert.deepEqual([options.vault.domain, options.vault.signupsAllowed], [undefined, false])
    assert.deepEqual(options.vault.signupsDomainsWhitelist, ['a.org'])
    assert.equal(options.web.ipHeader, undefined)
    assert.deepEqual(warnings, [])
  })

  test('has no say in what Vaultwarden does not read from it', () => {
    const config = { rocket_port: 9, belfry_nats_port: 9, domain_set: true, nonsense: [1], SIGNUPS_ALLOWED: false }
    const { options, warnings } = load(config)
    assert.deepEqual([options.web.port, options.nats.port, options.vault.signupsAllowed], [8000, 4222, true])
    assert.deepEqual(warnings, [])
  })

  test('lies where CONFIG_FILE says', () => {
    using folder = new Folder({ 'data/config.json': '{"log_level":"error"}', 'my.json': '{"log_level":"debug"}' })
    const load = (env: Environment) => loadOptions({ env, cwd: folder.path }).options.log.level
    assert.equal(load({ CONFIG_FILE: 'my.json' }), 'debug')
    assert.equal(load({ CONFIG_FILE: '' }), 'error')
    assert.throws(
      () => load({ CONFIG_FILE: 'no.json' }),
      new ConfigError(`CONFIG_FILE: open ${folder.path}/no.json: no such file or directory`),
    )
  })

  test('must lie on this machine', () => {
    assert.deepEqual(errorsOf(undefined, { CONFIG_FILE: 's3://bucket/config.json' }), [
      'CONFIG_FILE must be a path on this machine, not "s3://bucket/config.json"',
    ])
  })

  test('is looked for in the data folder that is in force', () => {
    using folder = new Folder({ 'a/config.json': '{"log_level":"error"}', 'b/config.json': '{"log_level":"debug"}' })
    const load = (env: Environment, overrides: Overrides = {}) =>
      loadOptions({ env, cwd: folder.path, overrides }).options.log.level
    assert.equal(load({ DATA_FOLDER: 'a' }), 'error')
    assert.equal(load({ DATA_FOLDER: 'a' }, { vault: { dataFolder: join(folder.path, 'b') } }), 'debug')
    assert.equal(load({}), 'info')
  })

  test('cannot move the data folder, only repeat it', () => {
    assert.equal(errorsOf({ data_folder: 'data/' }).length, 0)
    assert.deepEqual(errorsOf({ data_folder: '/mnt/vault' }), [
      '/srv/data/config.json: data_folder is "/mnt/vault", but the data folder is "/srv/data": set DATA_FOLDER instead',
    ])
  })

  for (const [config, error] of [
    ['', 'is not valid JSON'],
    ['{"admin_token": "secret" x', 'is not valid JSON'],
    ['[]', 'must hold a JSON object'],
    ['null', 'must hold a JSON object'],
    ['"x"', 'must hold a JSON object'],
    [' '.repeat(5 * 1024 * 1024), 'the file is larger than 4194304 bytes'],
    [{ signups_allowed: 'off' }, 'signups_allowed must be true or false, not "off"'],
    [{ signups_allowed: ['no'] }, 'signups_allowed must be a text, a number, true, false or null'],
    [{ data_folder: [] }, 'data_folder must be a text, a number, true, false or null'],
    [{ smtp_host: {} }, 'smtp_host must be a text, a number, true, false or null'],
    [{ password_iterations: 1.5 }, 'password_iterations must be whole number, 100000 to 2147483647, not "1.5"'],
    [{ password_iterations: 5 }, 'password_iterations must be a whole number from 100000 to 2147483647, not 5'],
    [{ domain: 'a.org' }, 'domain must be a URL with its protocol, such as "https://vault.example.com", not "a.org"'],
  ] as const) {
    test(`with a mistake ends the start: ${error}`, () => {
      assert.deepEqual(errorsOf(config), [`/srv/data/config.json: ${error}`])
    })
  }

  test('that cannot be read ends the start', () => {
    using folder = new Folder({ 'data/config.json/x': '' })
    const file = join(folder.path, 'data/config.json')
    assert.throws(() => loadOptions({ env: {}, cwd: folder.path }), new ConfigError(`read ${file}: is a directory`))
  })
})

describe('what Vaultwarden has and Belfry has not', () => {
  test('is told, once for each setting, without its value', () => {
    const env = {
      HIBP_API_KEY: 'secret',
      DUO_HOST: 'env',
      ROCKET_WORKERS: '9',
      LOG_FILE: 'log',
      EMAIL_2FA_AUTO_FALLBACK: 'true',
    }
    const { warnings } = load({ duo_host: 'json', org_attachment_limit: 0, emergency_access_allowed: false }, env)
    assert.deepEqual(warnings.toSorted(), [
      '/srv/data/config.json: duo_host is set, but this version of Belfry has no Duo: it has no effect',
      '/srv/data/config.json: emergency_access_allowed is set, but this version of Belfry has no emergency access: it has no effect',
      '/srv/data/config.json: org_attachment_limit is set, but this version of Belfry has no organizations: it has no effect',
      'EMAIL_2FA_AUTO_FALLBACK is set, but this version of Belfry has no organizations: it has no effect',
      'HIBP_API_KEY is set, but this version of Belfry asks nobody about passwords that have leaked: it has no effect',
      'LOG_FILE is set, but this version of Belfry logs to standard error only, in a form of its own: it has no effect',
      'ROCKET_WORKERS is set, but this version of Belfry is not built on Rocket: it has no effect',
    ])
  })

  test('may come from a file that a variable names', () => {
    using folder = new Folder({ token: 'secret' })
    const { warnings } = loadOptions({ env: { HIBP_API_KEY_FILE: 'token' }, cwd: folder.path })
    assert.deepEqual(warnings, [
      'HIBP_API_KEY is set, but this version of Belfry asks nobody about passwords that have leaked: it has no effect',
    ])
  })

  test('is not worth a word where it says what Vaultwarden does anyway', () => {
    const env = {
      ...{ SIGNUPS_VERIFY: 'false', SSO_ONLY: '0', REQUIRE_DEVICE_EMAIL: 'N', SMTP_PORT: '465', SMTP_TIMEOUT: '15' },
      ...{ ICON_SERVICE: 'internal', ENABLE_DB_WAL: 'yes', SMTP_HOST: '', LOG_FILE: '', ORG_EVENTS_ENABLED: 'maybe' },
    }
    assert.deepEqual(load(undefined, env).warnings, [])
  })

  test('is not worth a word in what the admin panel of a fresh Vaultwarden saves', () => {
    const { warnings } = load({
      domain: 'http://localhost',
      ...{ sends_allowed: true, hibp_api_key: null, incomplete_2fa_time_limit: 3, signups_verify: false },
      ...{ signups_verify_resend_time: 3600, signups_verify_resend_limit: 6, invitation_org_name: 'Vaultwarden' },
      ...{ icon_redirect_code: 302, icon_cache_ttl: 2592000, http_request_block_non_global_ips: true },
      ...{ log_timestamp_format: '%Y-%m-%d %H:%M:%S.%3f', admin_session_lifetime: 20, sso_scopes: 'email profile' },
      ...{ sso_callback_path: 'http://localhost/identity/connect/oidc-signin', sso_pkce: true, sso_only: false },
      ...{ _enable_yubico: true, _enable_duo: true, _enable_smtp: true, _enable_email_2fa: false },
      ...{
        smtp_security: 'starttls',
        smtp_port: 587,
        smtp_from: null,
        smtp_from_name: 'Vaultwarden',
        smtp_timeout: 15,
      },
      ...{ smtp_embed_images: true, email_token_size: 6, email_expiration_time: 600, email_attempts_limit: 3 },
    })
    assert.deepEqual(warnings, [])
  })

  test('is named once, and nowhere among the settings', () => {
    const supported = allSettings.flatMap(({ setting }) => setting.variable ?? [])
    const names = [
      ...supported,
      ...Object.keys(PROTECTIONS),
      ...UNSUPPORTED.flatMap((group) => Object.keys(group.defaults)),
    ]
    assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted())
  })
})

describe('a protection that Belfry cannot give ends the start:', () => {
  for (const name of ['SSO_ONLY']) {
    const message =
      'is true, but this version of Belfry has no single sign-on, only master passwords: remove it if those will do'
    test(`${name} in the environment`, () => {
      assert.deepEqual(errorsOf(undefined, { [name]: 'Yes' }), [`${name} ${message}`])
    })

    test(`${name} in config.json`, () => {
      const key = name.toLowerCase()
      assert.deepEqual(errorsOf({ [key]: true }, { [name]: 'false' }), [`/srv/data/config.json: ${key} ${message}`])
      assert.deepEqual(errorsOf({ [key]: false }, { [name]: 'true' }), [])
      assert.deepEqual(errorsOf({ [key]: 'on' }), [`/srv/data/config.json: ${key} must be true or false, not "on"`])
    })

    test(`${name} from .env and from a file`, () => {
      using folder = new Folder({ '.env': `${name}=true`, on: 'true\n' })
      assert.throws(() => loadOptions({ env: {}, cwd: folder.path }), new ConfigError(`${name} ${message}`))
      const env = { ENV_FILE: '/dev/null', [`${name}_FILE`]: 'on' }
      assert.throws(() => loadOptions({ env, cwd: folder.path }), new ConfigError(`${name} ${message}`))
    })
  }

  test('not when its text is neither true nor false, as in Vaultwarden, but with a warning', () => {
    assert.deepEqual(load(undefined, { SSO_ONLY: 'on' }).warnings, [
      'SSO_ONLY is "on", which is neither true nor false, and has no effect',
    ])
  })
})
