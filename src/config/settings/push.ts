import { boolean } from '../types/boolean.ts'
import { integer } from '../types/integer.ts'
import { contactUrl } from '../types/mail.ts'
import { secret } from '../types/secret.ts'
import { path, plainText } from '../types/text.ts'
import { optional, setting } from './setting.ts'

/** How devices hear that are not connected: phones by a push relay, browsers by Web Push. */
export const pushSettings = {
  enabled: setting({
    key: 'push.enabled',
    variable: 'PUSH_ENABLED',
    type: boolean,
    default: false,
    help: 'Whether phones are told of changes, by way of a push relay. It needs `installation_id` and `installation_key`.',
  }),
  installationId: optional({
    key: 'push.installation_id',
    variable: 'PUSH_INSTALLATION_ID',
    type: plainText('UUID'),
    defaultText: 'none',
    help: 'Who this server is for the relay. For that of Bitwarden from https://bitwarden.com/host.',
  }),
  installationKey: optional({
    key: 'push.installation_key',
    variable: 'PUSH_INSTALLATION_KEY',
    type: secret('text'),
    defaultText: 'none',
    help: 'The secret that goes with it.',
  }),
  relayUri: setting({
    key: 'push.relay_uri',
    variable: 'PUSH_RELAY_URI',
    type: plainText('`https://` URL'),
    default: 'https://push.bitwarden.com',
    help: 'The relay. For an installation of the EU `https://api.bitwarden.eu`. `http://` only to this machine.',
  }),
  identityUri: setting({
    key: 'push.identity_uri',
    variable: 'PUSH_IDENTITY_URI',
    type: plainText('`https://` URL'),
    default: 'https://identity.bitwarden.com',
    help: 'Where the relay has its tokens made. For an installation of the EU `https://identity.bitwarden.eu`.',
  }),
  web: setting({
    key: 'push.web',
    variable: 'BELFRY_WEB_PUSH',
    type: boolean,
    default: true,
    help: 'Whether browsers may be told of changes by Web Push, which reaches an extension that sleeps.',
  }),
  webContact: optional({
    key: 'push.web_contact',
    variable: 'BELFRY_WEB_PUSH_CONTACT',
    type: contactUrl,
    defaultText: '`smtp_from`; else `domain`, if it is an `https://` name; else `mailto:belfry@example.com`',
    help: 'Where push services of browsers can reach who runs this server; they are told it with each push.',
  }),
  vapidKey: optional({
    key: 'push.vapid_key',
    variable: 'BELFRY_VAPID_KEY',
    type: path('path of a PEM file'),
    defaultText: '`<data_folder>/vapid_key.pem`',
    help:
      'Key by which push services of browsers know this server. The file is made when it is missing. With another key ' +
      'all browsers have to subscribe anew.',
  }),
  maxQueued: setting({
    key: 'push.max_queued',
    variable: 'BELFRY_PUSH_MAX_QUEUED',
    type: integer({ min: 100, max: 1_000_000 }),
    default: 10_000,
    help: 'Pushes that may wait while a relay or a push service does not take them. Beyond that, what waits for one account becomes a hint to sync.',
  }),
}
