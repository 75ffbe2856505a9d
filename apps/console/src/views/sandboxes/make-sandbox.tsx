import { Sandbox } from '@runnel/client'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useLocation } from 'wouter'
import { client } from '../../client.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { sayError } from '../../parts/notice.tsx'
import styles from './sandboxes.module.css'

const MINUTE_MS = 60_000
/** The first is enough for a look. The page offers more time while the sandbox is used. */
const LIVES = [
  [30, 'Half an hour'],
  [120, '2 hours'],
  [480, '8 hours'],
] as const

const Form = (): ReactElement => {
  const [, navigate] = useLocation()
  const languages = useQuery({ queryKey: ['languages'], queryFn: () => client.languages(), staleTime: Infinity })
  const [name, setName] = useState('')
  const [template, setTemplate] = useState('python')
  const [minutes, setMinutes] = useState<number>(LIVES[0][0])
  const make = useMutation({
    mutationFn: () =>
      Sandbox.create({
        template,
        timeoutMs: minutes * MINUTE_MS,
        ...(name.trim() === '' ? {} : { metadata: { name: name.trim() } }),
      }),
    onSuccess: ({ id }) => navigate(`/s/${id}`),
  })
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
    >
      <Field label="Name" hint="For you and your colleagues. May be empty.">
        {(attributes) => (
          <input
            {...attributes}
            maxLength={100}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field label="Starts from" hint="Its files are in /home/user.">
        {(attributes) => (
          <select {...attributes} value={template} onChange={(event) => setTemplate(event.target.value)}>
            {(languages.data ?? []).map((language) => (
              <option key={language.id} value={language.id}>
                {language.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Lives for" hint="It also ends when nobody uses it for 10 minutes.">
        {(attributes) => (
          <select {...attributes} value={minutes} onChange={(event) => setMinutes(Number(event.target.value))}>
            {LIVES.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      {make.isError && (
        <p role="alert" className={styles.fault}>
          {sayError(make.error)}
        </p>
      )}
      <div className={styles.buttons}>
        <Button kind="primary" type="submit" disabled={make.isPending}>
          {make.isPending ? 'Starting…' : 'Make it'}
        </Button>
      </div>
    </form>
  )
}

/** A button, and the form behind it. */
export const MakeSandbox = (): ReactElement => {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>
        New sandbox
      </Button>
      <Dialog title="New sandbox" isOpen={isOpen} onClose={() => setOpen(false)}>
        <Form />
      </Dialog>
    </>
  )
}
