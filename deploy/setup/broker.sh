#!/bin/sh
# See that an MQTT broker is there: Mosquitto from Debian's packages as root, else amqtt, which the product brings.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
command -v mosquitto >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing the Mosquitto broker"
    # The package would start a service of its own; the platform starts the broker it needs itself.
    policy=/usr/sbin/policy-rc.d
    made=
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=1; }
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mosquitto >/dev/null
    [ -z "$made" ] || rm -f "$policy"
else
    echo "setup: Mosquitto is not installed, and only root can install it. The demo will use the amqtt broker instead:"
    echo "setup: it carries about 1,500 messages a second and may lose messages and events, under load and when a process crashes."
fi
