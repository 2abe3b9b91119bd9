/** What options have where nothing is set. */

export const NO_AUTHORIZATION = {
  user: undefined,
  password: undefined,
  token: undefined,
  timeoutMs: undefined,
  noAuthUser: undefined,
}

export const NO_USERS = {
  ...NO_AUTHORIZATION,
  users: undefined,
  nkeyUsers: undefined,
  callout: undefined,
  maxFailureDelayMs: 1000,
  operator: undefined,
}

export const PLAIN_WEBSOCKET = {
  host: '0.0.0.0',
  advertise: undefined,
  tls: undefined,
  sameOrigin: false,
  allowedOrigins: [],
  compression: false,
  handshakeTimeoutMs: 10_000,
  cookies: { jwt: undefined, user: undefined, password: undefined, token: undefined },
  headers: [],
  pingIntervalMs: undefined,
  authorization: NO_AUTHORIZATION,
  path: undefined,
  answersProbes: true,
  proxyProtocol: false,
  trustedProxies: 'none',
  maxConnectionsPerAddress: 0,
}

/** What a vault without settings has. */
export const vaultIn = (dataFolder: string) => ({
  dataFolder,
  database: { kind: 'sqlite', databaseFile: `${dataFolder}/db.sqlite3` },
  rsaKeyFile: `${dataFolder}/rsa_key.pem`,
  domain: undefined,
  origin: 'http://localhost',
  basePath: '',
  signupsAllowed: true,
  signupsDomainsWhitelist: [],
  signupsVerify: false,
  signupsVerifyResend: { seconds: 3600, limit: 6 },
  invitationsAllowed: true,
  mailedTicketHours: 120,
  passwordIterations: 600_000,
  passwordHintsAllowed: true,
  showsPasswordHint: false,
  emailChangeAllowed: true,
  requiresDeviceEmail: false,
  loginRateLimit: { seconds: 60, maxBurst: 10 },
  unauthenticatedRateLimit: { seconds: 60, maxBurst: 50 },
  maxNoteCharacters: 10_000,
  featureFlags: [],
  suppressesOnboarding: false,
  twoFactor: {
    remembersDevices: true,
    allowsTimeDrift: true,
    email: { isOn: false, digits: 6, expirationSeconds: 600, maxAttempts: 3 },
    yubico: undefined,
    incompleteAfterMinutes: 3,
  },
  attachments: { folder: `${dataFolder}/attachments`, maxBytesPerUser: undefined },
  sends: { isOn: true, folder: `${dataFolder}/sends`, maxBytesPerUser: undefined },
  icons: {
    service: 'internal',
    redirectCode: 302,
    cacheFolder: `${dataFolder}/icon_cache`,
    cacheSeconds: 2_592_000,
    negativeCacheSeconds: 259_200,
    downloadTimeoutMs: 10_000,
    downloads: true,
  },
  outgoing: { blockedHosts: undefined, blocksNonGlobalAddresses: true, prefersIpv6: false },
  mail: undefined,
  jobs: JOBS,
  cluster: undefined,
})

export const JOBS = {
  pollIntervalMs: 30_000,
  trashPurgeSchedule: '0 5 0 * * *',
  trashAutoDeleteDays: undefined,
  sendPurgeSchedule: '0 5 * * * *',
  incompleteLoginSchedule: '30 * * * * *',
  authRequestPurgeSchedule: '30 * * * * *',
}
