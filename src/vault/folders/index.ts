export { folderResponse, ownFolder, registerFolders } from './folders.ts'
