/** For HEALTHCHECK: ends with 0 when the Belfry of this container answers at `/alive`. Reads the settings that it has. */
import http from 'node:http'
import https from 'node:https'

const { DOMAIN = '', ROCKET_ADDRESS = '', ROCKET_PORT = '8000', ROCKET_TLS } = process.env
const basePath = DOMAIN && new URL(DOMAIN).pathname.replace(/\/+$/, '')
const { get } = ROCKET_TLS ? https : http
get({
  host: /^(0\.0\.0\.0|::|)$/.test(ROCKET_ADDRESS) ? '127.0.0.1' : ROCKET_ADDRESS,
  port: ROCKET_PORT,
  path: `${basePath}/alive`,
  // The certificate is for the name that clients use.
  rejectUnauthorized: false,
  signal: AbortSignal.timeout(2_500),
})
  .on('response', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
  .on('error', ({ message }) => {
    console.error(message)
    process.exit(1)
  })
