import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { codeOf, MinikubeError } from './error.ts'

type Env = Record<string, string | undefined>

/** User and group that files under the home are to belong to; undefined: whoever runs. */
export interface Owner {
  uid: number
  gid: number
  name: string
  home: string
}

/**
 * Minikube's home directory. Run by sudo it is that of the user who called, and what is written there is given to them,
 * so that both can go on working with it.
 */
export class Home {
  readonly root: string
  readonly owner: Owner | undefined
  readonly #userHome: string
  readonly #env: Env

  private constructor(root: string, userHome: string, owner: Owner | undefined, env: Env) {
    this.root = root
    this.#userHome = userHome
    this.owner = owner
    this.#env = env
  }

  static async resolve(env: Env): Promise<Home> {
    const owner = await sudoCaller(env)
    const userHome = owner?.home ?? homedir()
    return new Home(homeDirectory(env.MINIKUBE_HOME, userHome), userHome, owner, env)
  }

  /** Path under the home. */
  path(...parts: string[]): string {
    return join(this.root, ...parts)
  }

  profile(name: string, ...parts: string[]): string {
    return join(this.root, 'profiles', name, ...parts)
  }

  /** The kubeconfig that is written: first entry of KUBECONFIG, else the user's own. */
  kubeconfig(): string {
    const first = (this.#env.KUBECONFIG ?? '').split(':').find((entry) => entry !== '')
    return first ?? join(this.#userHome, '.kube', 'config')
  }

  /** Makes a directory with its parents; the new ones belong to the owner. */
  async mkdir(path: string, mode = 0o755): Promise<void> {
    // Where a parent cannot be made, Node.js says that it does not exist.
    const first = await this.#try(path, () => mkdir(path, { recursive: true, mode }), ['ENOENT'])
    for (let made = path; first !== undefined && made.length >= first.length; made = dirname(made)) {
      await this.give(made)
    }
  }

  /** Replaces a file atomically; parents are made. */
  async write(path: string, content: string | Buffer, mode = 0o644): Promise<void> {
    await this.mkdir(dirname(path))
    const temporary = `${path}.${process.pid}.new`
    await this.#try(path, async () => {
      try {
        await writeFile(temporary, content, { mode })
        await chmod(temporary, mode)
        await this.give(temporary)
        await rename(temporary, path)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
    })
  }

  /** The text of a file; undefined when there is none. */
  async read(path: string): Promise<string | undefined> {
    try {
      return await this.#try(path, () => readFile(path, 'utf8'))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  async remove(path: string): Promise<void> {
    await this.#try(path, () => rm(path, { recursive: true, force: true }))
  }

  /** Hands a path to the owner. */
  async give(path: string): Promise<void> {
    if (this.owner) await chown(path, this.owner.uid, this.owner.gid)
  }

  /** Gives permission trouble a sentence that says whose file it is. */
  async #try<T>(path: string, action: () => Promise<T>, unwritable: readonly string[] = []): Promise<T> {
    try {
      return await action()
    } catch (error) {
      const code = codeOf(error)
      if (code === 'EACCES' || code === 'EPERM') {
        throw new MinikubeError('HOST_HOME_PERMISSION', `no permission to use ${path}`, {
          advice: `It belongs to another user, perhaps to root: run minikube as that user, or give it to you with 'sudo chown -R $USER ${this.root}'.`,
          cause: error,
        })
      }
      if (code === 'ENOSPC' || code === 'EDQUOT') {
        throw new MinikubeError('RSRC_INSUFFICIENT_STORAGE', `no space left to write ${path}`, {
          cause: error,
        })
      }
      if (code === 'EROFS' || code === 'ENOTDIR' || unwritable.includes(code ?? '')) {
        throw new MinikubeError('HOST_HOME_MKDIR', `cannot write ${path}: ${(error as Error).message}`, {
          advice: 'Set MINIKUBE_HOME to a directory that can be written.',
          cause: error,
        })
      }
      throw error
    }
  }
}

/** MINIKUBE_HOME as minikube reads it: used as it is when its last part is `.minikube`, else `.minikube` goes below. */
function homeDirectory(setting: string | undefined, userHome: string): string {
  if (!setting) return join(userHome, '.minikube')
  return basename(setting) === '.minikube' ? setting : join(setting, '.minikube')
}

/** Who called sudo; nobody when sudo was called by root or not at all. */
async function sudoCaller(env: Env): Promise<Owner | undefined> {
  const uid = Number(env.SUDO_UID)
  if (process.getuid?.() !== 0 || !env.SUDO_UID || !Number.isInteger(uid) || uid === 0) return undefined
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  for (const line of passwd.split('\n')) {
    const [name, , id, gid, , home] = line.split(':')
    if (Number(id) === uid && name && home) return { uid, gid: Number(env.SUDO_GID ?? gid), name, home }
  }
  return undefined
}
