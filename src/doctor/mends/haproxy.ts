import { type MendTable, SERVER, without } from './mend-table.ts'

const toServer: NonNullable<MendTable['bad-gateway']> = ({ path }) => ({
  where: `in the "backend" that serves ${path}, in place of its server line; with the port of Belfry`,
  lines: [`server belfry ${SERVER}`],
})
const clientAddress: NonNullable<MendTable['client-address-hidden']> = ({ header }) => ({
  where: 'in the "frontend", in place of other lines for that header',
  lines: [`http-request set-header ${header} %[src]`],
})

const PASSED_ON = 'in "frontend" and "backend": HAProxy passes it on, unless it is told not to'

/** https://docs.haproxy.org/2.6/configuration.html: upgrades are passed on by themselves in `mode http`. */
export const HAPROXY: MendTable = {
  'no-upgrade': () => ({ where: PASSED_ON, lines: [without('http-request del-header Upgrade')] }),
  'no-connection': () => ({ where: PASSED_ON, lines: [without('http-request del-header Connection')] }),
  'no-101': () => ({
    where: 'in the "backend": HAProxy passes 101 back, unless something else is answered instead',
    lines: [without('http-response set-status'), without('http-response return'), without('http-response deny')],
  }),
  'bad-gateway': toServer,
  'hub-elsewhere': (context) => ({
    where: 'in the "frontend": a "use_backend" for that path alone goes, and the rest is for Belfry',
    lines: [without(`{ path ${context.path} }`), without(`{ path_beg ${context.path} }`), ...toServer(context).lines],
  }),
  'wrong-path': () => ({
    where: 'in "frontend" and "backend"',
    lines: [
      without('http-request replace-path'),
      without('http-request set-path'),
      without('http-request replace-uri'),
    ],
  }),
  'wrong-host': () => ({
    where: PASSED_ON,
    lines: [without('http-request set-header Host'), without('http-send-name-header')],
  }),
  'wrong-scheme': () => ({
    where: 'in the "frontend"',
    lines: ['http-request set-header X-Forwarded-Proto https if { ssl_fc }'],
  }),
  'client-address-hidden': clientAddress,
  'client-address-forged': clientAddress,
  'proxy-login': () => ({
    where: 'in "frontend" and "backend": apps cannot log in to HAProxy',
    lines: [without('http-request auth')],
  }),
  buffering: () => ({
    where: 'in the "backend"',
    lines: [without('http-response wait-for-body'), 'option http-no-delay'],
  }),
  'idle-timeout': () => ({ where: 'in "defaults", or in the "frontend" and "backend"', lines: ['timeout tunnel 1h'] }),
  'certificate-incomplete': () => ({
    where: 'in the "frontend": one file with the certificate, those between it and its authority, and the key',
    lines: ['bind :443 ssl crt /path/to/fullchain-and-key.pem alpn http/1.1'],
  }),
}
