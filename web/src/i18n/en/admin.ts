/** The admin pages. What the doctor finds comes from the server, in English. */
export const admin = {
  title: 'Admin',
  token: 'Admin token',
  tokenHint: 'What ADMIN_TOKEN of this server is, or was hashed from.',
  logIn: 'Log in',
  logOut: 'Log out',
  unreachable: 'The server does not answer.',

  status: {
    title: 'This server',
    refresh: 'Refresh',
  },

  doctor: {
    title: 'Do changes arrive?',
    text: 'Walks the way of an app to this server and says what stands in it: names, certificate, proxy, WebSocket, hub.',
    address: 'Address',
    addressHint: 'DOMAIN, or the address of this page.',
    idle: 'Silent connections',
    idleOptions: { 0: 'not tried', 20: 'for 20 seconds', 75: 'for 75 seconds' },
    run: 'Look',
    stop: 'Stop',
    fromHere: 'From this browser',
    fromServer: 'From the server, by its public address',
    running: 'Looking…',
    healthy: 'Nothing stands in the way.',
    faults: (count: number) => (count === 1 ? '1 fault was found.' : `${count} faults were found.`),
    mend: (proxy: string) => `For ${proxy}:`,
    copyLines: 'Copy lines',
    statuses: { ok: 'Good', warning: 'Warning', fault: 'Fault', skipped: 'Skipped' },
  },

  reload: {
    title: 'Configuration',
    text: 'Reads the configuration file again; nobody is disconnected whose settings did not change.',
    look: 'What would change?',
    apply: 'Reload',
    nothing: 'Nothing changes.',
    parts: {
      applied: 'Counts at once',
      atNextStart: 'Counts from the next start on',
      closed: 'Connections that end',
      warnings: 'Warnings',
    },
    done: 'Reloaded',
  },

  log: {
    title: 'Log',
    level: 'Least important events that are written',
    hint: 'Until the next start, or until log_level changes in the configuration file.',
  },
}
