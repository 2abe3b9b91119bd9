import { domain, path } from '../types/text.ts'
import { optional, setting } from './setting.ts'

/** Where the vault is: on the disk, and for its clients. */
export const placeSettings = {
  dataFolder: setting({
    key: 'vault.data_folder',
    variable: 'DATA_FOLDER',
    type: path(),
    default: 'data',
    help: 'Folder of everything Belfry keeps: database, keys, attachments.',
  }),
  domain: optional({
    key: 'vault.domain',
    variable: 'DOMAIN',
    type: domain,
    defaultText: 'what each client asked for; tokens are then issued by `http://localhost`',
    help:
      'Address under which clients reach the server. Trailing slashes are dropped, its path is put in front of all ' +
      'routes, and its origin is the issuer of tokens.',
  }),
}
