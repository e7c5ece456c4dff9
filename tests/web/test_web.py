"""What the web process answers to honest requests."""

import base64
import http.client
import os
import subprocess
import threading

import pytest

from rig import SHORT, certificates, until

NONCE = "0123456789abcdef0123456789abcdef"
DATA = bytes(range(256)) * 40


def ranged(web, path, value, **headers):
    status, head, body = web.get(path, {"Range": value, **headers})
    return status, head.get("Content-Range"), body


# --- blobs ------------------------------------------------------------------------------------

def test_blob_whole(web):
    name = web.blob(DATA)
    status, head, body = web.get("/blob/" + name)
    assert (status, body) == (200, DATA)
    assert head["ETag"] == f'"{name}"' and head["Accept-Ranges"] == "bytes"
    assert head["Cache-Control"] == "public, max-age=31536000, immutable"
    assert web.get("/blob/" + name, tls=True)[2] == DATA


def test_blob_head(web):
    name = web.blob(DATA)
    status, head, body = web.ask("HEAD", "/blob/" + name, {"Range": "bytes=0-1"})
    assert (status, body, head["Content-Length"]) == (200, b"", str(len(DATA)))


def test_blob_empty(web):
    name = web.blob(b"")
    assert web.get("/blob/" + name)[::2] == (200, b"")
    assert ranged(web, "/blob/" + name, "bytes=0-") == (416, "bytes */0", b"")


@pytest.mark.parametrize("value, first, last", [
    ("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99), ("bytes=5000-5999", 5000, 5999), ("bytes=10000-", 10000, 10239),
    ("bytes=-1", 10239, 10239), ("bytes=-99999", 0, 10239), ("bytes=10239-99999999999999999999999", 10239, 10239),
    ("BYTES= 3-4 ", 3, 4)])
def test_range(web, value, first, last):
    name = web.blob(DATA)
    expected = (206, f"bytes {first}-{last}/10240", DATA[first:last + 1])
    assert ranged(web, "/blob/" + name, value) == expected


@pytest.mark.parametrize("value", ["bytes=10240-", "bytes=10240-10241", "bytes=-0",
                                   "bytes=99999999999999999999999-"])
def test_range_that_is_not_there(web, value):
    assert ranged(web, "/blob/" + web.blob(DATA), value) == (416, "bytes */10240", b"")


@pytest.mark.parametrize("value", ["bytes=0-1,5-6", "bytes=2-1", "bytes=-", "bytes=a-b", "bytes", "lines=0-1",
                                   "bytes=1", "bytes=0-1x", ""])
def test_range_that_is_ignored(web, value):
    assert ranged(web, "/blob/" + web.blob(DATA), value) == (200, None, DATA)


def test_conditions(web):
    name = web.blob(DATA)
    path, tag = "/blob/" + name, f'"{name}"'
    assert web.get(path, {"If-None-Match": tag})[::2] == (304, b"")
    assert web.get(path, {"If-None-Match": f'"x", W/{tag}'})[0] == 304
    assert web.get(path, {"If-None-Match": "*"})[0] == 304
    assert web.get(path, {"If-None-Match": '"x"'})[0] == 200
    assert web.get(path, {"If-None-Match": tag})[1]["content-length"] == str(len(DATA))
    assert web.get(path, {"If-Match": f'"x", {tag}'})[2] == DATA
    assert web.get(path, {"If-Match": "*"})[2] == DATA
    assert web.get(path, {"If-Match": "W/" + tag})[::2] == (412, b"")
    assert web.get(path, {"If-Match": '"x"', "If-None-Match": tag})[0] == 412
    part = {"Range": "bytes=0-1"}
    assert web.get(path, {**part, "If-Range": tag})[::2] == (206, DATA[:2])
    assert web.get(path, {**part, "If-Range": '"other"'})[::2] == (200, DATA)
    assert web.get(path, {**part, "If-Range": "W/" + tag})[0] == 200
    assert web.get(path, {**part, "If-Range": "Sat, 29 Oct 1994 19:43:31 GMT"})[0] == 200


@pytest.mark.parametrize("name", ["0" * 64, "0" * 63, "A" * 64, "g" * 64, "0" * 65, "x" * 500])
def test_blob_that_is_not_there(web, name):
    web.blob(b"x")
    assert web.get("/blob/" + name)[0] == 404


def test_a_blob_is_a_regular_file(web):
    os.symlink("/etc/passwd", os.path.join(web.store, "1" * 64))
    os.mkfifo(os.path.join(web.store, "2" * 64))
    os.mkdir(os.path.join(web.store, "3" * 64))
    assert [web.get("/blob/" + digit * 64)[0] for digit in "123"] == [404] * 3


# --- transfers --------------------------------------------------------------------------------

def transfers(web, state):
    return [m for m in web.messages if m["type"] == "transfer" and m["state"] == state]


def test_transfer_is_told(web):
    name = web.blob(DATA)
    web.get(f"/blob/{name}?nonce={NONCE}")
    done = web.wait(lambda m: m.get("state") == "done")
    begin = transfers(web, "begin")[0]
    for message in (begin, done):
        assert (message["nonce"], message["ip"], message["sha256"]) == (NONCE, "127.0.0.1", name)
        assert message["total"] == len(DATA)
    assert (begin["done"], done["done"]) == (0, len(DATA))


def test_transfer_of_ranges(web):
    name = web.blob(DATA)
    web.get(f"/blob/{name}", {"Range": "bytes=0-99"})
    assert web.wait(lambda m: m.get("state") == "progress")["done"] == 100
    assert not transfers(web, "done")
    web.get(f"/blob/{name}", {"Range": "bytes=100-"})
    assert web.wait(lambda m: m.get("state") == "done")["done"] == len(DATA)
    assert transfers(web, "begin")[1]["done"] == 100


def test_no_transfer_without_bytes(web):
    name = web.blob(DATA)
    web.ask("HEAD", "/blob/" + name)
    web.get("/blob/" + name, {"If-None-Match": "*"})
    web.get("/blob/" + name, {"Range": "bytes=99999-"})
    web.get("/boot.ipxe")
    web.wait(lambda m: m["type"] == "greet")
    assert not transfers(web, "begin")


def test_a_bad_nonce_is_left_out(web):
    web.get(f"/blob/{web.blob(DATA)}?nonce=%22evil")
    assert web.wait(lambda m: m.get("state") == "done")["nonce"] == ""


def test_transfer_broken_off(start):
    web = start(limits={"stall-ms": 60000})
    name = web.blob(os.urandom(1 << 20) * 40)
    sock = web.raw(f"GET /blob/{name}?nonce={NONCE} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    got = 0
    while got < 10 << 20:
        got += len(sock.recv(1 << 20))
    progress = web.wait(lambda m: m.get("state") == "progress")
    assert 0 < progress["done"] < progress["total"]
    sock.close()
    broken = web.wait(lambda m: m.get("state") == "broken")
    assert got * 0.9 <= broken["done"] < broken["total"] == 40 << 20
    assert b"bootserver_http_transfers 0" in metrics_of(web)


# --- scripts ----------------------------------------------------------------------------------

def test_greeting(web):
    status, head, body = web.get("/boot.ipxe")
    assert status == 200 and head["Content-Type"].startswith("text/plain")
    assert body.startswith(b"#!ipxe\n") and body.count(b"#!ipxe") == 1
    assert f"set url {web.url}\n".encode() in body
    assert f"set https https://127.0.0.1:{web.tls_port}\n".encode() in body
    assert web.wait(lambda m: m["type"] == "greet")["ip"] == "127.0.0.1"


def test_boot(web):
    web.answers["boot"] = lambda m: {"script": "image", "vars": {"image": "edge@2", "nonce": NONCE}}
    status, _, body = web.get("/v1/boot?mac=52-54-00-AA-00-01&uuid=00112233-4455-6677-8899-AABBCCDDEEFF&serial="
                              "S%201&product=x%0ay%00&asset=&arch=x86_64&platform=efi&cpu64=1&evil=1&mac=other"
                              "&manufacturer=" + "m" * 300 + "&version=2.0%c3%a9")
    assert status == 200 and b"set image edge@2\n" in body and body.endswith(b"echo image ${image}\n")
    message = web.wait(lambda m: m["type"] == "boot")
    assert message["ip"] == "127.0.0.1"
    assert message["claims"] == {
        "mac": "52:54:00:aa:00:01", "uuid": "00112233-4455-6677-8899-aabbccddeeff", "serial": "S 1",
        "product": "x_y_", "arch": "x86_64", "platform": "efi", "cpu64": "1", "manufacturer": "m" * 128,
        "version": "2.0__"}


@pytest.mark.parametrize("query", ["", "?", "?mac=", "?mac", "?mac=zz", "?uuid=1", "?mac=52:54:00:00:00:01:02",
                                   "?Mac", "?mac=%00", "?mac=52:54:00:00:00:01%00"])
def test_boot_without_a_mac(web, query):
    status, _, body = web.get("/v1/boot" + query)
    assert status == 200 and b"set reason the request names no MAC" in body and b"set retry 10" in body
    assert not [m for m in web.messages if m["type"] == "boot"]


@pytest.mark.parametrize("answer", [
    None,                                               # silence
    {"script": "nosuch", "vars": {}}, {"vars": {}}, {"script": 7}, {"script": "image", "vars": [1]},
    {"script": "image", "vars": {"image": "${evil}"}}, {"script": "image", "vars": {"image": 7}},
    {"script": "image", "vars": {"image\nchain x": "y"}}, {}, b"no json", b"[]", b'{"type":"surprise"}'])
def test_boot_when_the_engine_is_at_fault(web, answer):
    web.answers["boot"] = lambda m: answer
    status, _, body = web.get("/v1/boot?mac=52:54:00:00:00:01")
    assert status == 200 and b"echo failed: ${reason}" in body and b"set reason the " in body


def test_ipxe_files(web):
    for name, data in (("snponly.efi", b"MZ" * 500), ("autoexec.ipxe", b"#!ipxe\n"), (".hidden", b"x")):
        with open(os.path.join(web.tftp, name), "wb") as file:
            file.write(data)
    status, head, body = web.get("/ipxe/snponly.efi")
    assert (status, body, head["Content-Type"]) == (200, b"MZ" * 500, "application/efi")
    assert web.get("/ipxe/snponly.efi", {"If-None-Match": head["ETag"]})[0] == 304
    assert web.ask("HEAD", "/ipxe/snponly.efi")[1]["Content-Length"] == "1000"
    assert ranged(web, "/ipxe/snponly.efi", "bytes=0-1") == (206, "bytes 0-1/1000", b"MZ")
    assert web.get("/ipxe/autoexec.ipxe")[1]["Content-Type"].startswith("text/plain")
    assert web.get("/ipxe/.hidden")[0] == 404 and web.get("/ipxe/nosuch")[0] == 404


# --- what the engine answers ------------------------------------------------------------------

def test_site_json(web):
    web.answers["site-json"] = lambda m: {"status": 200 if m["nonce"] == NONCE else 403, "body": '{"schema": 1}'}
    status, head, body = web.get("/site.json?nonce=" + NONCE)
    assert (status, body, head["Content-Type"]) == (200, b'{"schema": 1}', "application/json")
    assert web.get("/site.json?nonce=" + "0" * 32)[0] == 403
    asked = len(web.messages)
    assert [web.get("/site.json" + q)[0] for q in ("", "?nonce=", "?nonce=xyz", "?nonce=" + "a" * 65)] == [403] * 4
    assert len(web.messages) == asked


@pytest.mark.parametrize("answer", [{}, {"status": 200}, {"status": 99, "body": "x"}, {"status": "200", "body": "x"},
                                    {"status": 700, "body": "x"}, {"status": 200, "body": None}])
def test_bad_answers_are_502(web, answer):
    for kind in ("health", "site-json", "cloud-init"):
        web.answers[kind] = lambda m: answer
    for path in ("/healthz", "/site.json?nonce=" + NONCE, "/v1/machines/n1/cloud-init/user-data"):
        assert web.get(path)[0] == 502
    assert "the engine's answer is no good" in web.log()


def test_a_silent_engine_is_503(web):
    status, head, _ = web.get("/healthz")
    assert (status, head["Retry-After"]) == (503, "5")
    assert b"bootserver_engine_silent_total 2\n" in web.get("/metrics")[2]     # it does not answer this either


def test_answers_in_any_order(web):
    names = ["n%d" % i for i in range(50)]
    got = {}

    def ask(name):
        got[name] = web.get(f"/v1/machines/{name}/cloud-init/meta-data")[::2]

    threads = [threading.Thread(target=ask, args=(name,)) for name in names]
    web.answers["cloud-init"] = None
    for thread in threads:
        thread.start()
    until(lambda: len([m for m in web.messages if m["type"] == "cloud-init"]) == 50)
    for message in reversed(web.messages):
        web.engine.send({"type": "answer", "id": message["id"], "status": 200, "body": message["name"]})
        web.engine.send({"type": "answer", "id": message["id"] + 1000, "status": 200, "body": "nobody waits"})
    for thread in threads:
        thread.join()
    assert got == {name: (200, name.encode()) for name in names}


def test_cloud_init(web):
    web.answers["cloud-init"] = lambda m: {"status": 200, "body": m["name"] + " " + m["file"]}
    assert web.get("/v1/machines/n1/cloud-init/user-data")[::2] == (200, b"n1 user-data")
    for path in ("/v1/machines/n1/cloud-init/passwd", "/v1/machines/N_1/cloud-init/user-data",
                 "/v1/machines//cloud-init/user-data", "/v1/machines/../cloud-init/user-data"):
        assert web.get(path)[0] == 404


def test_report(web):
    assert web.ask("POST", f"/v1/report?nonce={NONCE}&phase=stage1&state=fail&text=no%20disk%07")[0] == 200
    assert web.wait(lambda m: m["type"] == "report") == {
        "type": "report", "nonce": NONCE, "ip": "127.0.0.1", "phase": "stage1", "state": "fail", "text": "no disk_"}
    assert web.get(f"/v1/report?nonce={NONCE}&phase=root&state=done&text=" + "x" * 500)[0] == 200
    assert web.wait(lambda m: m.get("phase") == "root")["text"] == "x" * 200
    assert web.get(f"/v1/report?nonce={NONCE}&phase=root&state=begin")[0] == 200
    for query in ("", "nonce=1&phase=root&state=done", f"nonce={NONCE}&phase=lunch&state=done",
                  f"nonce={NONCE}&phase=root&state=happy", f"nonce={NONCE}&phase=root&state=note",
                  f"nonce={NONCE}&state=done"):
        assert web.get("/v1/report?" + query)[0] == 400


def test_agent(web):
    der = os.urandom(3000)
    answer = base64.b64encode(b"answer").decode()
    web.answers["agent"] = lambda m: {"status": 202, "der": answer}
    for path in ("enrol", "self/poll", "self/events"):
        status, head, body = web.ask("POST", "/v1/" + path, body=der, tls=True)
        assert (status, head["Content-Type"], body) == (202, "application/cms", b"answer")
    messages = [m for m in web.messages if m["type"] == "agent"]
    assert [m["path"] for m in messages] == ["enrol", "poll", "events"]
    assert all(base64.b64decode(m["der"]) == der for m in messages)
    web.answers["agent"] = lambda m: {"status": 409, "text": "an old counter"}
    assert web.ask("POST", "/v1/enrol", body=der, tls=True)[::2] == (409, b"an old counter\n")
    for bad in ({"status": 200}, {"der": answer}, {"status": 200, "der": "!!"}):
        web.answers["agent"] = lambda m: bad
        assert web.ask("POST", "/v1/enrol", body=der, tls=True)[0] == 502
    assert web.ask("POST", "/v1/enrol", body=der)[0] == 403             # plain HTTP
    assert web.ask("POST", "/v1/enrol", body=b"", tls=True)[0] == 400


def test_agent_body_up_to_the_limit(web):
    web.answers["agent"] = lambda m: {"status": 200, "text": str(len(base64.b64decode(m["der"])))}
    assert web.ask("POST", "/v1/self/events", body=b"x" * (1 << 20), tls=True)[2] == b"1048576\n"
    assert web.ask("POST", "/v1/self/events", body=b"x" * ((1 << 20) + 1), tls=True)[0] == 413
    chunks = iter([b"y" * 100000] * 12)
    assert web.ask("POST", "/v1/self/events", body=chunks, tls=True)[0] == 413


def test_poll_waits_longer_than_others(web):
    assert SHORT["poll-ms"] > 2 * SHORT["engine-ms"]

    def late(message):
        if message["path"] != "poll":
            return
        threading.Timer(2 * SHORT["engine-ms"] / 1000, lambda: web.engine.send(
            {"type": "answer", "id": message["id"], "status": 200, "text": "late"})).start()
    web.answers["agent"] = late
    assert web.ask("POST", "/v1/self/poll", body=b"x", tls=True)[::2] == (200, b"late\n")
    assert web.ask("POST", "/v1/enrol", body=b"x", tls=True)[0] == 503


def test_large_answer(web):
    web.answers["health"] = lambda m: {"status": 200, "body": "x" * 300000}
    assert web.get("/healthz")[2] == b"x" * 300000


# --- routes, methods, metrics ----------------------------------------------------------------

@pytest.mark.parametrize("path", ["/", "/blob", "/blob/", "/blob/a/b", "/healthz/", "//healthz", "/HEALTHZ", "/v1",
                                  "/ipxe/../sha256/x", "/ipxe/..", "/ipxe/%2e%2e", "/ipxe/..%2fsha256%2fx",
                                  "/blob/../../../etc/passwd", "/%2e%2e/etc/passwd", "/ipxe/%2fetc%2fpasswd"])
def test_404(web, path):
    status, head, body = web.get(path)
    assert status == 404 and head["Content-Type"].startswith("text/plain") and 0 < len(body) < 200


def test_percent_encoded_paths_are_the_same_paths(web):
    web.answers["health"] = lambda m: {"status": 200, "body": "ok"}
    assert web.get("/%68ealthz")[::2] == (200, b"ok")
    name = web.blob(DATA)
    assert web.get("/blob/%" + "%02x" % ord(name[0]) + name[1:])[2] == DATA
    assert web.get("/healthz%00/x")[0] == 400


def test_targets_in_absolute_form(web):
    name = web.blob(DATA)
    assert web.get(f"http://10.9.0.1/blob/{name}")[2] == DATA
    assert web.get(f"http://10.9.0.1/blob/../{name}")[0] == 404


def test_405(web):
    for method, path, allow in (("POST", "/healthz", "GET, HEAD"), ("GET", "/v1/enrol", "POST"),
                                ("PUT", "/v1/report", "GET, HEAD, POST"), ("DELETE", "/blob/" + "0" * 64, "GET, HEAD"),
                                ("OPTIONS", "/boot.ipxe", "GET, HEAD"), ("BREW", "/boot.ipxe", "GET, HEAD")):
        status, head, _ = web.ask(method, path)
        assert (status, head["Allow"]) == (405, allow)


def metrics_of(web):
    return web.get("/metrics")[2]


def test_metrics(web):
    web.answers["metrics"] = lambda m: {"status": 200, "body": "engine_says 1\n"}
    web.get("/boot.ipxe")
    web.get("/nowhere")
    web.get("/blob/" + web.blob(DATA))
    web.wait(lambda m: m.get("state") == "done")
    status, head, body = web.get("/metrics")
    assert status == 200 and head["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = body.decode().splitlines()
    assert 'bootserver_http_requests_total{route="/boot.ipxe",code="200"} 1' in lines
    assert 'bootserver_http_requests_total{route="other",code="404"} 1' in lines
    assert 'bootserver_http_requests_total{route="/blob/*",code="200"} 1' in lines
    assert 'bootserver_http_request_duration_seconds_count{route="/boot.ipxe"} 1' in lines
    assert "bootserver_http_transfers 0" in lines and lines[-1] == "engine_says 1"
    sent = next(line for line in lines if line.startswith("bootserver_http_sent_bytes_total"))
    assert int(sent.split()[1]) > len(DATA)
    names = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert all(line.startswith("#") or line == "engine_says 1" or
               any(line.startswith(name) for name in names) for line in lines)
    assert not [name for name in names if f"{name}_total" in names], "families of OpenMetrics that clash"


# --- TLS and reload ---------------------------------------------------------------------------

def s_client(web, *options):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{web.tls_port}", "-CAfile", web.ca,
                           "-showcerts", *options], input="", capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_tls(web, version):
    text = s_client(web, "-" + version.lower().replace("v", "").replace(".", "_"))
    assert "Verify return code: 0 (ok)" in text and version in text
    assert text.count("-----BEGIN CERTIFICATE-----") >= 2       # the CA is in the chain: iPXE wants it
    assert "site CA 1" in text


def test_tls_that_is_too_old(web):
    assert "Cipher is (NONE)" in s_client(web, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")


def test_reload(start):
    web = start(limits={"idle-ms": 20000})
    old = web.connection(tls=True)
    old.request("GET", "/boot.ipxe")
    assert old.getresponse().read()
    key, cert, ca = certificates(2)
    web.keeper.send({"type": "reload", "key": key, "cert": cert, "url": "http://10.9.0.1:8080",
                     "scripts": {"boot": "#!ipxe\necho second\n", "failure": "#!ipxe\n"}})
    until(lambda: b"second" in web.get("/boot.ipxe")[2])
    assert f"set https https://10.9.0.1:{web.tls_port}\n".encode() in web.get("/boot.ipxe")[2]
    old.request("GET", "/boot.ipxe")            # who was there stays served
    assert b"second" in old.getresponse().read()
    old.close()
    web.ca = ca
    assert web.get("/boot.ipxe", tls=True)[0] == 200
    files = len(os.listdir(f"/proc/{web.process.pid}/fd"))
    for fault in ({"scripts": 7}, {"key": "nonsense", "cert": "nonsense", "scripts": {"boot": "#!ipxe\n"}, "url": "http://x"}):
        web.keeper.send({"type": "reload", **fault})
        assert web.get("/boot.ipxe", tls=True)[0] == 200
    until(lambda: "the old one stays" in web.log())
    until(lambda: len(os.listdir(f"/proc/{web.process.pid}/fd")) <= files)


def test_keep_alive(web):
    connection = web.connection()
    for _ in range(100):
        connection.request("GET", "/boot.ipxe")
        assert connection.getresponse().read().endswith(b"echo greeting ${url}\n")
    connection.close()
    old = http.client.HTTPConnection("127.0.0.1", web.port)
    old._http_vsn, old._http_vsn_str = 10, "HTTP/1.0"
    old.request("GET", "/boot.ipxe")
    assert old.getresponse().read().startswith(b"#!ipxe")
    old.close()


def test_access_log(web):
    web.get("/boot.ipxe?x=1")
    until(lambda: 'ip=127.0.0.1 method=GET path="/boot.ipxe" status=200 ms=' in web.log())
