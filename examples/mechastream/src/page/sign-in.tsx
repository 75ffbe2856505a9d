import { type FormEvent, useState } from 'react'

/** Makes a session of a key. The page keeps only its cookie, which no script can read. Resolves with what is wrong, if anything. */
const makeSession = async (key: string): Promise<string | undefined> => {
  const answer = await fetch('/v1/sessions', { method: 'POST', headers: { authorization: `Bearer ${key}` } })
  return answer.ok ? undefined : (await answer.json()).error.message
}

/** For a Runnel that has keys. The sockets that are open belong to nobody, so the page loads again. */
export const SignIn = () => {
  const [key, setKey] = useState('')
  const [error, setError] = useState<string>()
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const wrong = await makeSession(key.trim()).catch(() => 'Cannot reach the server: is Runnel running?')
    if (wrong === undefined) location.reload()
    else setError(wrong)
  }
  return (
    <form className="sign-in" onSubmit={(event) => void submit(event)}>
      <label>
        This Runnel has keys. Sign in with one that may submit and read:
        <input
          type="password"
          autoComplete="off"
          placeholder="rnl_…"
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
      </label>
      <button type="submit" className="primary">
        Sign in
      </button>
      {error !== undefined && <p role="alert">{error}</p>}
    </form>
  )
}
