/** `--help`: what each flag does here. */
export const USAGE = `
Usage: nats-server [options]          (this one is Belfry: belfry nats-server [options])

Where it listens and what it is called
  -a, --addr, --net <host>         address for NATS clients (default: 0.0.0.0)
  -p, --port <port>                port for NATS clients (default: 4222; -1: any free one)
  -n, --name, --server_name <name> name that clients are told (default: the server's id)
  -m, --http_port <port>           monitoring over HTTP
  -ms, --https_port <port>         monitoring over HTTPS
      --client_advertise <string>  host[:port] that clients are told to connect to

Configuration and the running process
  -c, --config <file>              configuration file
  -t                               check the configuration file and exit
  -P, --pid <file>                 write the process id to this file
      --ports_file_dir <folder>    write nats-server_<pid>.ports here: the URLs it listens on, as JSON
  -sl, --signal <signal>[=<pid>]   tell a running server: stop, quit, term, reopen, reload or ldm
                                   <pid> is a number or a pid file; without it, that of -P or of the configuration

Log
  -l, --log <file>                 log to this file instead of standard error
      --log_size_limit <bytes>     put the log file aside when it grows longer
  -T, --logtime                    time in every line (default: true)
      --logtime_utc                that time in UTC
  -D, --debug                      debug lines
  -V, --trace                      every operation of the protocol
  -VV                              as -V, with the system account
  -DV, -DVV                        -D with -V or -VV
      --max_traced_msg_len <bytes> of a traced payload, show at most this much

Who may come in
      --user <user>, --pass <password>
      --auth <token>

TLS for NATS clients
      --tls                        switch it on; needs --tlscert and --tlskey
      --tlscert <file>             certificate, PEM
      --tlskey <file>              its private key, PEM
      --tlsverify                  ask clients for a certificate
      --tlscacert <file>           authority that has to have signed it, PEM

Accepted without effect: --jetstream --store_dir --routes --cluster --cluster_listen --cluster_name
  --cluster_advertise --no_advertise --connect_retries --profile --syslog --remote_syslog

  -h, --help                       this text
      --help_tls                   the tls block of a configuration file
  -v, --version                    the nats-server release whose protocol this is

`

/** `--help_tls` */
export const TLS_USAGE = `
TLS for NATS clients is a block of the configuration file:

    tls {
        cert_file:  "./server-cert.pem"
        key_file:   "./server-key.pem"
        # Only clients with a certificate of this authority:
        ca_file:    "./ca.pem"
        verify:     true
        # Optional:
        min_version: "1.3"
        timeout:     "2s"
        cipher_suites:     ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
        curve_preferences: ["X25519", "CurveP256"]
    }

The listener for WebSocket has a block of its own, inside websocket { }.

`
