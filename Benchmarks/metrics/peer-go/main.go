// The jobs of bench-metrics with client_golang (Debian: golang-github-prometheus-client-golang-dev). One line of JSON.
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var seconds = []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

// measured runs work, which answers (operations, bytes), and prints what it took.
func measured(work func() (int, int)) {
	cpu, wall := cpuSeconds(), time.Now()
	operations, size := work()
	cpu, elapsed := cpuSeconds()-cpu, time.Since(wall).Seconds()
	fmt.Printf("{\"operations\": %d, \"bytes\": %d, \"cpu_seconds\": %g, \"wall_seconds\": %g}\n",
		operations, size, cpu, elapsed)
}

func scrape(job string, series, rounds int) {
	registry := prometheus.NewRegistry()
	family := prometheus.NewCounterVec(
		prometheus.CounterOpts{Name: "bench_requests_total", Help: "Requests."}, []string{"path", "code"})
	registry.MustRegister(family)
	for number := 0; number < series; number++ {
		family.WithLabelValues(fmt.Sprintf("/path/%d", number), strconv.Itoa(200+number%5)).Add(float64(number * 7))
	}
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	if job == "scrape-openmetrics" {
		request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	}
	if job == "scrape-gzip" {
		request.Header.Set("Accept-Encoding", "gzip")
	}
	render := func() int {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		return recorder.Body.Len()
	}
	render()
	measured(func() (int, int) {
		size := 0
		for round := 0; round < rounds; round++ {
			size = render()
		}
		return rounds, size
	})
}

func update(job string, updates int) {
	half := func() {}
	if job == "count" {
		series := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bench_total"}, []string{"l"}).WithLabelValues("x")
		half = func() {
			for number := 0; number < updates/2; number++ {
				series.Inc()
			}
		}
	} else {
		series := prometheus.NewHistogramVec(
			prometheus.HistogramOpts{Name: "bench_seconds", Buckets: seconds}, []string{"l"}).WithLabelValues("x")
		half = func() {
			for number := 0; number < updates/2; number++ {
				series.Observe(float64(number&1023) * 0.01)
			}
		}
	}
	measured(func() (int, int) {
		var group sync.WaitGroup
		for thread := 0; thread < 2; thread++ {
			group.Add(1)
			go func() {
				defer group.Done()
				half()
			}()
		}
		group.Wait()
		return updates / 2 * 2, 0
	})
}

func number(index int) int {
	value, err := strconv.Atoi(os.Args[index])
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	if os.Args[1] == "count" || os.Args[1] == "observe" {
		update(os.Args[1], number(2))
	} else {
		scrape(os.Args[1], number(2), number(3))
	}
}
