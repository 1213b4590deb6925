// A TCP echo server in Go, a goroutine per connection: go build echo.go && ./echo CERTIFICATE KEY
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
)

func echo(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, 65536)
	for {
		n, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err := connection.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func serve(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go echo(connection)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	return value
}

func main() {
	plain := must(net.Listen("tcp", "127.0.0.1:0"))
	pair := must(tls.LoadX509KeyPair(os.Args[1], os.Args[2]))
	secure := must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}}))
	fmt.Println("listening", plain.Addr().(*net.TCPAddr).Port, secure.Addr().(*net.TCPAddr).Port)
	go serve(plain)
	go serve(secure)
	io.Copy(io.Discard, os.Stdin)
}
