"""The agent where process 1 is nothing else first: every image but Python's, and the local sandbox."""

import posix

if posix.getpid() == 1:
    # A cell needs a start server, and it has to be forked before more is imported.
    import start_server

    end, pid = start_server.start()
    if not pid:
        start_server.serve(end)
    import supervisor
    from server import StartServer

    supervisor.run(StartServer(pid, end, has_interpreter=False))
else:
    import supervisor

    supervisor.run()
